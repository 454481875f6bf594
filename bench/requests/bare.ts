import { fastify } from 'fastify'

/** Fastify with nothing behind it: answers as long as Muster's, to the same requests. */
const app = fastify({ logger: false })
const profile = {
  ...{ user_id: 'player_01kb0000000000000000000000', username: null, nick: 'guest#4711', guest: true },
  created_at: '2026-01-01T00:00:00.000Z',
}
const tokens = {
  access_token: 'a'.repeat(430),
  refresh_token: 'r'.repeat(110),
  token_type: 'Bearer',
  expires_in: 900,
  user_id: profile.user_id,
}
app.get('/bare', async () => profile)
app.post('/bare', async (_, reply) => reply.code(201).send(tokens))
await app.listen({ host: '127.0.0.1', port: 0 })
const bound = app.server.address()
if (typeof bound !== 'object' || bound === null) throw new Error('There is no port.')
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)))
process.send?.({ url: `http://127.0.0.1:${bound.port}` })
