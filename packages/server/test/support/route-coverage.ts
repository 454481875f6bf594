import { expect } from 'vitest'
import type { OpenApiCaller } from './openapi-caller.ts'

/** Calls every operation without a token, with a made-up one, and with one of the wrong role. */
export async function refuseEverywhere(
  api: OpenApiCaller,
  tokenOf: { player: string | undefined; server: string | undefined },
): Promise<void> {
  for (const { method, path, operation } of api.operations) {
    const line = `${method} ${path.replaceAll('{id}', 'x_1').replace(/\{\w+\}/g, 'x')}`
    const roles = (operation.security ?? []).map((one) => Object.keys(one)[0] ?? 'anyone')
    if (roles.includes('anyone')) continue
    const refused = async (token?: string) => {
      const { status, body } = await api.call(line, token === undefined ? {} : { token })
      return [line, status, body?.code]
    }
    expect(await refused()).toEqual([line, 401, 'UNAUTHENTICATED'])
    expect(await refused('nonsense')).toEqual([line, 401, 'UNAUTHENTICATED'])
    if (roles.includes('player') && roles.includes('key')) continue
    const wrong = roles.includes('report') || roles.includes('key') ? tokenOf.player : tokenOf.server
    expect(await refused(wrong)).toEqual([line, 403, 'FORBIDDEN'])
  }
}

/** Operations that were not called well, refused and with bad input, as far as each takes any. */
export function missingCalls(api: OpenApiCaller): string[] {
  // A socket is no call: its own tests speak it.
  const calls = api.operations.filter(({ path }) => path !== '/ws')
  return calls.flatMap(({ method, path, operation }) => {
    const kinds = api.seen.get(operation.operationId) ?? new Set()
    const takesInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0
    const isOpen = (operation.security ?? []).some((one) => Object.keys(one).length === 0)
    const wanted = ['good', ...(takesInput ? ['bad'] : []), ...(isOpen ? [] : ['refused'])]
    return wanted.filter((kind) => !kinds.has(kind as 'good')).map((kind) => `${method} ${path}: no ${kind} call`)
  })
}
