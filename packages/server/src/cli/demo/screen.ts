import { stripVTControlCharacters, styleText } from 'node:util'
import type { Clock } from '../../platform/clock.ts'
import type { Streams } from '../command.ts'

/** Shows what happens while it happens: what is worth a line, and, in a terminal, how each bot is doing right now. */
export interface Screen {
  /** Something happened. */
  tell(text: string): void
  /** What one of those who play does now. */
  show(who: string, doing: string): void
  /** What is shown stays; nothing more is. */
  close(): void
}

type Style = Parameters<typeof styleText>[0]

/** Colours where they can be seen. */
export const paint = (to: { isTTY?: boolean }, style: Style, text: string): string =>
  to.isTTY === true ? styleText(style, text) : text

export function createScreen(to: Streams['stderr'], clock: Clock): Screen {
  const startedAt = clock.now()
  const elapsed = () => `${((clock.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s`
  const line = (text: string) => `${paint(to, 'gray', elapsed())}  ${text}\n`
  if (to.isTTY !== true) {
    return { tell: (text) => to.write(line(text)), show: () => undefined, close: () => undefined }
  }

  const doings = new Map<string, string>()
  let drawn = 0
  let told = ''
  let isClosed = false
  let isDue = false

  function draw() {
    isDue = false
    const columns = to.columns || 80
    const block = [...doings].map(([who, doing]) => cut(`         ${who.padEnd(8)} ${doing}`, columns - 1))
    const up = drawn > 0 ? `\u001B[${drawn}A` : ''
    to.write(`${up}\u001B[0J${told}${block.map((one) => `${one}\n`).join('')}`)
    told = ''
    drawn = block.length
  }
  /** Many changes in one turn are drawn once. */
  function drawSoon() {
    if (isDue || isClosed) return
    isDue = true
    setImmediate(() => {
      if (!isClosed) draw()
    })
  }

  return {
    tell(text) {
      told += line(text)
      drawSoon()
    },
    show(who, doing) {
      doings.set(who, doing)
      drawSoon()
    },
    close() {
      if (isClosed) return
      doings.clear()
      draw()
      isClosed = true
    },
  }
}

/** A line that is too long would wrap, and then more would have to be wiped than was written. */
function cut(text: string, columns: number): string {
  return stripVTControlCharacters(text).length <= columns ? text : stripVTControlCharacters(text).slice(0, columns)
}
