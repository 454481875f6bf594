/** A part of the server as it was built; a benchmark measures what is shipped. */
export const part = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../packages/server/dist/${path}.js`, import.meta.url).href)) as T
