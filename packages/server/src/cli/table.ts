import { stripVTControlCharacters } from 'node:util'

const width = (text: string): number => [...stripVTControlCharacters(text)].length
const padded = (text: string, to: number, right: boolean): string => {
  const spaces = ' '.repeat(Math.max(0, to - width(text)))
  return right ? spaces + text : text + spaces
}

/** Columns for a terminal. Those whose cells are all numbers stand to the right. */
export function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = heads.map((head, at) => {
    const cells = rows.map((row) => row[at] ?? '')
    const isNumbers = cells.every((cell) => /^[-+−]?[\d.,]*%?$/.test(stripVTControlCharacters(cell).trim()))
    return { width: Math.max(width(head), ...cells.map(width)), right: isNumbers && cells.some((cell) => cell !== '') }
  })
  const line = (cells: readonly string[]) =>
    columns
      .map((column, at) => padded(cells[at] ?? '', column.width, column.right))
      .join('  ')
      .trimEnd()
  return `${[heads, ...rows].map(line).join('\n')}\n`
}
