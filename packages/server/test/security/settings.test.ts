import { expect, it } from 'vitest'
import { configSchema, machineSettings, readMachine } from '../../src/config.ts'

const secretive = /secret|password|token(?!s?Max|InAddress|S$)|credential|apiKey/i

/** Options that hold a text and have one without being told, by name. */
function* textsWithDefaults(schema: unknown, name = ''): Generator<[name: string, value: string]> {
  if (typeof schema !== 'object' || schema === null) return
  const { default: usual } = schema as { default?: unknown }
  if (typeof usual === 'string') yield [name, usual]
  for (const [inner, held] of Object.entries(schema)) yield* textsWithDefaults(held, inner)
}

it('[security 20] no setting that holds something secret has a value of its own', () => {
  const options = [...textsWithDefaults(configSchema)]
  expect(options.length).toBeGreaterThan(3)
  expect(options.filter(([name]) => secretive.test(name))).toEqual([])
  const machine = Object.entries(machineSettings).filter(([name]) => secretive.test(name) || /Url$/.test(name))
  expect(machine.map(([, { default: usual }]) => usual).filter(Boolean)).toEqual([])
})

it('[security 21] a machine that was told nothing listens to itself alone', () => {
  expect(readMachine({}, {}).host).toBe('127.0.0.1')
})
