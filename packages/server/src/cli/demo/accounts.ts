import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createClient, type MusterClient, MusterError } from '@muster/client'

interface Account {
  username: string
  password: string
}

interface Kept {
  /** Demos that were played to their end. */
  runs: number
  accounts: Record<string, Account>
}

/** The bots' accounts. Their passwords are made by chance and kept in the data folder, as nobody else's business. */
export interface Accounts {
  runs: number
  /** Signs the bots in, with new accounts where there are none. */
  signIn(nicks: readonly string[]): Promise<MusterClient[]>
  /** Keeps that a demo was played to its end. */
  finish(): Promise<void>
}

const namesTriedMax = 5

/** Another server has other accounts: they are kept by the server's address, and those of the data folder's own by `own`. */
export async function openAccounts(dataDir: string, server: 'own' | URL, url: string): Promise<Accounts> {
  const path = join(resolve(dataDir), 'demo.json')
  const whose = server === 'own' ? 'own' : server.origin
  const all = await readAll(path)
  all[whose] ??= { runs: 0, accounts: {} }
  const kept: Kept = all[whose]
  const save = async () => {
    await mkdir(resolve(dataDir), { recursive: true })
    const draft = `${path}.${process.pid}`
    await writeFile(draft, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
    await rename(draft, path)
  }

  async function known(client: MusterClient, account: Account | undefined): Promise<boolean> {
    if (account === undefined) return false
    try {
      await client.login(account)
      return true
    } catch (error) {
      if (error instanceof MusterError && error.code === 'INVALID_CREDENTIALS') return false
      throw error
    }
  }

  async function makeAccount(client: MusterClient, nick: string): Promise<Account> {
    const password = randomBytes(18).toString('base64url')
    for (let tries = 0; ; tries++) {
      const more = tries === 0 ? '' : `-${randomBytes(2).toString('hex')}`
      const username = `demo-${nick.toLowerCase()}${more}`
      try {
        await client.register({ username, password, nick })
        return { username, password }
      } catch (error) {
        const isTaken = error instanceof MusterError && error.code === 'USERNAME_TAKEN'
        if (!isTaken || tries >= namesTriedMax) throw error
      }
    }
  }

  return {
    runs: kept.runs,
    async signIn(nicks) {
      const clients = await Promise.all(
        nicks.map(async (nick) => {
          const client = createClient({ url })
          if (!(await known(client, kept.accounts[nick]))) kept.accounts[nick] = await makeAccount(client, nick)
          return client
        }),
      )
      await save()
      return clients
    },
    async finish() {
      kept.runs++
      await save()
    },
  }
}

async function readAll(path: string): Promise<Record<string, Kept>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, Kept>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
