import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { clientMessages } from '@muster/protocol'
import { WebSocket } from 'ws'
import type { Draws } from '../support/draws.ts'
import type { World } from '../support/peopled-world.ts'
import { broken, brokenText, fitting, hostileTexts, type Json } from './values.ts'

/** One socket's life: what it sent, and how it ended. */
export interface Line {
  frames: number
  /** What it heard that it should not have. */
  complaints: string[]
}

const events = Object.entries(clientMessages)
const waitMs = 20_000
/** Anything but 1006, an end without a word, and 1011, an error of ours. */
const fineCodes = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1013, 4401, 4408, 4409, 4429])

const within = <T>(what: Promise<T>): Promise<T | 'late'> =>
  Promise.race([what, new Promise<'late'>((resolve) => setTimeout(resolve, waitMs, 'late').unref())])

/** Signs in, or not, and says so many things that are more or less wrong. */
export async function talk(url: string, world: World, draws: Draws, frames: number): Promise<Line> {
  const line: Line = { frames: 0, complaints: [] }
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { perMessageDeflate: draws.percent(30) })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  socket.on('error', () => undefined)
  let heard = 0
  socket.on('message', (data) => {
    heard++
    const text = String(data)
    if (/"INTERNAL"/.test(text)) line.complaints.push(text)
  })
  const opened = await within(Promise.race([once(socket, 'open'), closed]))
  if (opened === 'late') return { ...line, complaints: ['a socket was neither opened nor refused'] }
  const person = draws.pick([...world.left.seated, ...world.right.offered])
  if (draws.percent(90)) socket.send(JSON.stringify({ event: 'authenticate', data: { token: person.access_token } }))
  for (; line.frames < frames && socket.readyState === WebSocket.OPEN; line.frames++) {
    socket.send(frameText(world, draws), { binary: draws.percent(2), fin: !draws.percent(2) })
    // As the answers come: a flood is another test's.
    if (line.frames % 20 === 19) await within(new Promise((resolve) => setImmediate(resolve)))
  }
  socket.send(JSON.stringify({ event: 'ping' }), () => socket.close())
  const code = await within(closed)
  if (code === 'late') line.complaints.push('a socket was not closed')
  else if (!fineCodes.has(code) && code !== 1005) line.complaints.push(`a socket was closed with ${code}`)
  if (heard === 0 && code === 'late') line.complaints.push('a socket heard nothing')
  return line
}

function frameText(world: World, draws: Draws): string {
  const [event, schema] = draws.pick(events)
  const ids = [world.left.match, world.right.match, world.left.session, world.left.seated[0].user_id]
  let frame: Json = { event, data: fitting(schema, draws, ids), id: draws.below(1_000) }
  for (let times = draws.pick([0, 1, 1, 2, 4]); times > 0; times--) frame = broken(frame, draws)
  const text = JSON.stringify(frame) ?? 'null'
  return draws.percent(15) ? brokenText(text, draws) : text
}

/** Opens a socket by hand, and writes what is no frame, or a frame that is wrong as a frame. */
export async function babble(url: string, draws: Draws, frames: number): Promise<Line> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.resume()
  const key = draws.percent(90) ? randomBytes(16).toString('base64') : draws.pick(['', 'x', '?'.repeat(100)])
  const closed = once(socket, 'close')
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  let sent = 0
  for (; sent < frames && socket.writable; sent++) socket.write(rawFrame(draws))
  // The server ends it: by the first frame that is none, or because nobody said who it is.
  const ended = await within(closed)
  socket.destroy()
  return { frames: sent, complaints: ended === 'late' ? ['a line of nonsense was not closed'] : [] }
}

/** A frame's first two bytes as they please, a length that may be a lie, and something behind it. */
function rawFrame(draws: Draws): Buffer {
  const payload = Buffer.from(draws.pick(hostileTexts).slice(0, draws.below(200)))
  const length = draws.percent(70) ? Math.min(payload.length, 125) : draws.below(128)
  const head = Buffer.from([draws.below(256), (draws.percent(80) ? 0x80 : 0) | length])
  const mask = Buffer.from([draws.below(256), draws.below(256), draws.below(256), draws.below(256)])
  return Buffer.concat(draws.percent(80) ? [head, mask, payload] : [head, payload])
}
