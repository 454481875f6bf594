/** Something handed in that cannot be used. Its message names the place; the command shows it and ends with code 2. */
export class BadInput extends Error {
  override name = 'BadInput'
}
