import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'

export type Row = Record<string, string | number>

export function printTable(title: string, rows: Row[]): void {
  if (rows.length === 0) return
  const columns = Object.keys(rows[0]!)
  const shown = rows.map((row) => columns.map((column) => show(row[column]!)))
  const widths = columns.map((column, c) => Math.max(column.length, ...shown.map((cells) => cells[c]!.length)))
  const line = (cells: string[]): string => cells.map((cell, c) => cell.padStart(widths[c]!)).join('  ')
  console.log(`\n${title}\n${line(columns)}\n${line(widths.map((width) => '-'.repeat(width)))}`)
  for (const cells of shown) console.log(line(cells))
}

/** Writes `bench/results/<name>.json`, saying on what it was measured. */
export function writeResults(name: string, results: Record<string, Row[]>): void {
  const folder = fileURLToPath(new URL('../results/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    loadAverage: loadavg(),
    at: new Date(),
  }
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ machine, ...results }, null, 2)}\n`)
  console.log(`\nWritten to bench/results/${name}.json`)
}

function show(value: string | number): string {
  if (typeof value === 'string') return value
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return value.toLocaleString('en', { maximumFractionDigits: value < 1 ? 3 : value < 100 ? 2 : 0 })
}
