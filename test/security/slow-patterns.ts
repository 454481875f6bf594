/** Milliseconds that one match of a text may take. Linear patterns need less than one for 64 KiB. */
export const budgetMs = 10
const longest = 65_536
/** Small steps first, where time may double with every letter; a text that is too slow is the last. */
const lengths = [12, 16, 20, 22, 24, 26, 28, 64, 256, 1_024, 4_096, 16_384, longest]
const usual = ['a', '0', ' ', '.', '-', '_', '/', '"', '\\', '=', '#', 'é', '\u0000', '\t', 'A']
const ends = ['', '!', '\n', '\u0000']

/** Texts worth repeating: letters, those that the pattern itself names, and pairs of them. */
function pumpsFor(pattern: string): string[] {
  const own = [...new Set(pattern.replace(/\\[a-zA-Z]/g, '').match(/[\w .,:;=/#"'@~+-]/g) ?? [])].slice(0, 10)
  const letters = [...new Set([...usual, ...own])]
  const pairs = own.slice(0, 4).flatMap((one) => own.slice(0, 4).map((other) => one + other))
  return [...letters, ...pairs]
}

/** The least of three, since a busy machine makes any one of them long. */
function timeOf(pattern: RegExp, text: string): number {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 3 && least > budgetMs; tries++) {
    pattern.lastIndex = 0
    const begun = performance.now()
    pattern.test(text)
    least = Math.min(least, performance.now() - begun)
  }
  return least
}

/** A text that keeps the pattern busy beyond the budget, described; or null. */
export function slowTextFor(pattern: RegExp): string | null {
  for (const pump of pumpsFor(pattern.source)) {
    for (const end of ends) {
      for (const length of lengths) {
        const text = pump.repeat(Math.ceil(length / pump.length)) + end
        const spent = timeOf(pattern, text)
        if (spent > budgetMs)
          return `${JSON.stringify(pump)} × ${length}${JSON.stringify(end)}: ${Math.round(spent)} ms`
      }
    }
  }
  return null
}
