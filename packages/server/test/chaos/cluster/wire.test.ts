import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Wire, wireTo } from './wire.ts'

let server: Server
let wire: Wire
let heard: string
beforeEach(async () => {
  heard = ''
  // Answers everything with itself.
  server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        heard += data
        socket.write(data)
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  wire = await wireTo('wire', (server.address() as { port: number }).port)
})
afterEach(async () => {
  await wire[Symbol.asyncDispose]()
  server.close()
})

async function open(): Promise<{ socket: Socket; answers: () => string; closed: () => boolean }> {
  const socket = connect(wire.port, '127.0.0.1')
  let text = ''
  let isClosed = false
  socket.on('data', (data) => {
    text += data
  })
  socket
    .on('error', () => undefined)
    .on('close', () => {
      isClosed = true
    })
  // One that is refused is closed as well.
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined)
  return { socket, answers: () => text, closed: () => isClosed }
}

describe('a wire', () => {
  it('carries what is said, both ways', async () => {
    const { socket, answers } = await open()
    socket.write('hello')
    await vi.waitFor(() => expect(answers()).toBe('hello'))
  })

  it('keeps the order of what was delayed when it clears up', async () => {
    const { socket, answers } = await open()
    wire.set({ kind: 'slow', delayMs: 60 })
    for (const word of ['one ', 'two ', 'three ']) socket.write(word)
    await vi.waitFor(() => expect(heard).toBe('one two three '))
    wire.set({ kind: 'clear' })
    socket.write('four ')
    await vi.waitFor(() => expect(answers()).toBe('one two three four '))
  })

  it('half open, lets questions through and loses the answers, and cuts the line once it clears up', async () => {
    const { socket, answers, closed } = await open()
    wire.set({ kind: 'half_open' })
    socket.write('hello')
    await vi.waitFor(() => expect(heard).toBe('hello'))
    expect([answers(), closed()]).toEqual(['', false])
    wire.set({ kind: 'clear' })
    await vi.waitFor(() => expect(closed()).toBe(true))
    const again = await open()
    again.socket.write('again')
    await vi.waitFor(() => expect(again.answers()).toBe('again'))
  })

  it('silent, lets nothing through, and leaves lines alone that had nothing to lose', async () => {
    const [busy, idle] = [await open(), await open()]
    wire.set({ kind: 'silent' })
    busy.socket.write('lost')
    const late = await open()
    late.socket.write('lost, too')
    await vi.waitFor(() => expect(wire.losses()).toBe(2))
    wire.set({ kind: 'slow', delayMs: 0 })
    idle.socket.write('kept')
    await vi.waitFor(() => expect(idle.answers()).toBe('kept'))
    expect(heard).toBe('kept')
  })

  it('cut, ends every line and takes none', async () => {
    const before = await open()
    wire.set({ kind: 'cut' })
    await vi.waitFor(() => expect(before.closed()).toBe(true))
    const during = await open()
    await vi.waitFor(() => expect(during.closed()).toBe(true))
    wire.set({ kind: 'clear' })
    const after = await open()
    after.socket.write('back')
    await vi.waitFor(() => expect(after.answers()).toBe('back'))
  })
})
