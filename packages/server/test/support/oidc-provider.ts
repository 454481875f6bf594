import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { freePort, outputOf, repository } from './muster-process.ts'

const program = `${repository}packages/server/test/fixtures/oidc-provider.mjs`
export const redirectUri = 'http://127.0.0.1:9/callback'

export const clientSecret = 'a secret of two servers'
const native = { application_type: 'native', redirect_uris: [redirectUri], response_types: ['code'] }
const clients = [
  { client_id: 'game', ...native, token_endpoint_auth_method: 'none' },
  { client_id: 'another-game', ...native, token_endpoint_auth_method: 'none' },
  { client_id: 'backed', ...native, client_secret: clientSecret, token_endpoint_auth_method: 'client_secret_basic' },
]

export async function signingKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }
}

export interface Asked {
  subject: string
  client?: string
  nonce?: string
}

export type CodeProof = { code: string; code_verifier: string; redirect_uri: string }

/** A provider in a process of its own, which can be stopped and started again, with other keys too. */
export async function oidcProvider({ idTokenTtlS = 300 } = {}) {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`

  async function start(keys: JWK[]) {
    const child = spawn(process.execPath, [program, JSON.stringify({ port, keys, clients, idTokenTtlS })], {
      ...{ cwd: repository, env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
    })
    await outputOf(child).until(/The provider answers\./)
    return child
  }
  let keys = [await signingKey('first')]
  let child = await start(keys)

  async function end() {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** What a browser does: follows the provider from page to page, until it is sent back to the game. */
  async function code({ subject, client = 'game', nonce }: Asked): Promise<CodeProof> {
    const verifier = randomBytes(32).toString('base64url')
    const first = new URL('/auth', issuer)
    const asked = {
      ...{ client_id: client, response_type: 'code', scope: 'openid profile', redirect_uri: redirectUri },
      ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
      ...{ login_hint: subject, ...(nonce === undefined ? {} : { nonce }) },
    }
    for (const [name, value] of Object.entries(asked)) first.searchParams.set(name, value)
    const cookies = new Map<string, string>()
    let address = first
    for (let pages = 0; pages < 10; pages++) {
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
      const response = await fetch(address, { redirect: 'manual', headers: { cookie } })
      const page = await response.text()
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = line.split(';')[0]?.split('=') ?? []
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const next = response.headers.get('location')
      if (next === null) throw new Error(`The provider says ${response.status}: ${page}`)
      address = new URL(next, address)
      const found = address.searchParams.get('code')
      if (found !== null) return { code: found, code_verifier: verifier, redirect_uri: redirectUri }
      if (address.searchParams.has('error')) throw new Error(`The provider refuses: ${address.search}`)
    }
    throw new Error('The provider sends the browser round and round.')
  }

  return {
    issuer,
    code,
    /** An ID token as a game client gets it, which exchanges the code itself. */
    async idToken(asked: Asked): Promise<string> {
      const proof = await code(asked)
      const body = new URLSearchParams({
        ...proof,
        ...{ grant_type: 'authorization_code', client_id: asked.client ?? 'game' },
      })
      const response = await fetch(new URL('/token', issuer), { method: 'POST', body })
      const { id_token } = (await response.json()) as { id_token?: string }
      if (id_token === undefined) throw new Error(`The provider gave no ID token: ${response.status}`)
      return id_token
    },
    publicKeys: async () =>
      ((await (await fetch(new URL('/jwks', issuer))).json()) as { keys: (JWK & { kid: string })[] }).keys,
    end,
    /** It stays, and answers nothing. */
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async startAgain(other: JWK[] = keys) {
      await end()
      keys = other
      child = await start(keys)
    },
    [Symbol.asyncDispose]: end,
  }
}

export type OidcProvider = Awaited<ReturnType<typeof oidcProvider>>
