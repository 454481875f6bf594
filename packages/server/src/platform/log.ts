import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child(bindings: Record<string, unknown>): Log
}

export interface LogOptions {
  level: string
  /** Coloured lines for people instead of JSON. */
  pretty: boolean
}

/** What must not be in a log, wherever it stands in what is logged. Writers leave these out; this is the second net. */
const secretKeys = [
  'password',
  'current_password',
  'new_password',
  'token',
  'access_token',
  'refresh_token',
  'report_token',
  'ticket',
  'ticket_key',
  'connect_token',
  'secret',
  'authorization',
  'cookie',
]
const redact = {
  paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]),
  censor: '[redacted]',
}

export function createLog(options: LogOptions, destination?: DestinationStream): Log {
  const base = { level: options.level, redact, base: undefined, timestamp: () => `,"at":"${new Date().toISOString()}"` }
  if (options.pretty && destination === undefined) {
    const target = { target: 'pino-pretty', options: { timestampKey: 'at', ignore: 'pid,hostname', colorize: true } }
    return pino({ ...base, transport: target })
  }
  return destination === undefined ? pino(base) : pino(base, destination)
}

/** For tests and tools that print their own lines. */
export const silentLog: Log = pino({ level: 'silent' })
