import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { expect, it } from 'vitest'
import { prepareTemplate, testDatabase } from './test-database.ts'

async function ask(connection: pg.PoolConfig, text: string) {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

it('gives each caller an empty database of its own', async () => {
  await using one = await testDatabase()
  await using other = await testDatabase()
  await ask(one.connection, 'CREATE TABLE here (id int)')
  expect(await ask(other.connection, "SELECT to_regclass('here')")).toEqual([{ to_regclass: null }])
})

it('drops a database although somebody is still connected to it', async () => {
  const database = await testDatabase()
  const client = new pg.Client(database.connection)
  const lost = new Promise<Error>((resolve) => client.on('error', resolve))
  await client.connect()
  await database[Symbol.asyncDispose]()
  expect(await lost).toMatchObject({ code: '57P01' })
  await expect(ask(database.connection, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' })
})

it('prepares a template once, although several ask at once, and copies it', async () => {
  const template = `test_template_${randomUUID()}`
  let prepared = 0
  const prepare = async (connection: pg.PoolConfig) => {
    prepared += 1
    await ask(connection, 'CREATE TABLE ready AS SELECT 7 AS seven')
  }
  await Promise.all([1, 2, 3].map(() => prepareTemplate(template, prepare)))
  expect(prepared).toBe(1)
  await using copy = await testDatabase({ template })
  expect(await ask(copy.connection, 'SELECT seven FROM ready')).toEqual([{ seven: 7 }])
})
