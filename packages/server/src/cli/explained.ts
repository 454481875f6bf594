import { Refusal } from '@muster/protocol'
import { EmbeddedPostgresRefusal } from '../platform/embedded-postgres/index.ts'
import { ConfigError } from '../platform/options.ts'

const databaseComplaints: Record<string, string> = {
  ECONNREFUSED: 'nothing answers there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host cannot be looked up',
  ETIMEDOUT: 'it does not answer',
  '28P01': 'it refuses the password',
  '28000': 'it refuses the user',
  '3D000': 'it has no such database',
  '42501': 'the user may not do what is needed there',
  '53300': 'it takes no more connections',
  '57P03': 'it is starting up',
}

const storeLost = new Set(['UNAVAILABLE', 'OUTCOME_UNKNOWN'])

/** What went wrong, in words for who started it; null for what is our own mistake, which is shown with its stack. */
export function explained(error: unknown): string | null {
  // What callers are told of a lost store is of no use to who starts a server.
  if (error instanceof Refusal && storeLost.has(error.code) && error.cause instanceof Error) {
    return explained(error.cause) ?? `A store was lost meanwhile: ${error.cause.message}. Start it again.`
  }
  if (error instanceof ConfigError || error instanceof EmbeddedPostgresRefusal || error instanceof Refusal) {
    return error.message
  }
  const { code, syscall, address, port, path, cause } = (error ?? {}) as NodeJS.ErrnoException & {
    address?: string
    port?: number
    cause?: unknown
  }
  if (code === 'EADDRINUSE' && syscall === 'listen') {
    return `${address}:${port} is in use by another process. Stop that one, or choose another port with PORT.`
  }
  if (code === 'EACCES' && syscall === 'listen') return `This user may not listen on ${address}:${port}.`
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine. Choose one with HOST.`
  if ((code === 'EACCES' || code === 'EPERM' || code === 'EROFS') && path !== undefined) {
    return `${path} cannot be written: ${(error as Error).message}`
  }
  const complaint = code === undefined ? undefined : databaseComplaints[code]
  if (complaint !== undefined) return `The database cannot be used: ${complaint} (${(error as Error).message}).`
  return cause === undefined ? null : explained(cause)
}
