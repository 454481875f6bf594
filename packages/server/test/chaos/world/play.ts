import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/** How a visit to a game server ended: as the server said, or without a word. */
export type Visit = 'over' | 'ended' | 'refused' | 'dropped'

const silenceMs = 10_000

/** Goes to the game server with a ticket, and stays until it says that the play is over. */
export const visit = (host: string, port: number, ticket: string): Promise<Visit> =>
  new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write(`${ticket}\n`))
    const done = (how: Visit) => {
      resolve(how)
      socket.destroy()
    }
    socket.setTimeout(silenceMs, () => done('dropped'))
    socket.on('error', () => done('dropped')).on('close', () => done('dropped'))
    // It passes its input's errors on as its own.
    const lines = createInterface({ input: socket }).on('error', () => undefined)
    lines.on('line', (line) => {
      if (line === 'over' || line === 'ended') done(line)
      else if (line.startsWith('refused')) done('refused')
    })
  })
