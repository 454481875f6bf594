import * as protocol from '@muster/protocol'

const isContract = (value: unknown): value is protocol.Contract =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'who' in value

/** Every contract that the protocol exports, so that a new one is found without being listed here. */
export const everyContract: readonly protocol.Contract[] = Object.entries(protocol)
  .filter(([name]) => name.endsWith('Contracts'))
  .flatMap(([, held]) => Object.values(held as object))
  .filter(isContract)

/** As tests name a call: `POST /servers/:id/heartbeat`. */
export const lineOf = ({ method, path }: Pick<protocol.Contract, 'method' | 'path'>): string => `${method} ${path}`
