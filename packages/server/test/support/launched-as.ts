/** No cluster is asked here. */
export async function launchedAs<Given>(launching: Promise<Given | 'asked'>): Promise<Given> {
  const given = await launching
  if (given === 'asked') throw new Error('No cluster is configured, and yet one was asked.')
  return given
}
