import { providerContracts as contracts } from '@muster/protocol'
import { playerOf, type Route, route } from '../../platform/http/route.ts'
import type { Outside } from './outside.ts'

/** Tokens are for who asked, and for nobody's cache. */
const headers = { 'cache-control': 'no-store' }

export const providerRoutes = (outside: Outside): Route[] => [
  route(contracts.signInWithProvider, async ({ params, body, address, mintId }) => {
    const request = { provider: params.provider, proof: body, player: mintId('player') }
    const { tokens, isNew } = await outside.signIn(request, address)
    return isNew ? { status: 201, body: tokens, headers } : { status: 200, body: tokens, headers }
  }),
  route(contracts.link, async (call) => {
    const request = { provider: call.params.provider, proof: call.body }
    return { status: 200, body: await outside.link(playerOf(call), request, call.address), headers }
  }),
  route(contracts.unlink, async (call) => {
    await outside.unlink(playerOf(call), call.params.provider, call.address)
    return { status: 204, body: undefined }
  }),
  route(contracts.listLinks, async (call) => ({
    status: 200,
    body: await outside.linksOf(playerOf(call).player),
  })),
]
