import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

interface Note {
  url: string
  pid: number
}

const pathIn = (dataDir: string) => join(resolve(dataDir), 'serving.json')

/** Leaves word in the data folder of where the server answers, for commands beside it. Gives what takes it away again. */
export async function noteServing(dataDir: string, url: string): Promise<() => Promise<void>> {
  const path = pathIn(dataDir)
  await writeFile(path, `${JSON.stringify({ url, pid: process.pid } satisfies Note)}\n`)
  return async () => {
    if ((await readNote(path))?.pid === process.pid) await rm(path, { force: true })
  }
}

/** Where a server on this data folder said it answers; it may have been killed since. */
export const notedServer = async (dataDir: string): Promise<string | null> =>
  (await readNote(pathIn(dataDir)))?.url ?? null

async function readNote(path: string): Promise<Note | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Note
  } catch {
    return null
  }
}
