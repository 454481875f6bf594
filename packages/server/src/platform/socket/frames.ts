import type { ClientFrame, RefusalCode } from '@muster/protocol'

export type FrameId = string | number | undefined

const eventCharactersMax = 64
const idCharactersMax = 64

/** A client's frame, or null where the text is none: not JSON, not an object, a property that no frame has. */
export function readFrame(text: string): ClientFrame | null {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null
  for (const key of Object.keys(given)) if (key !== 'event' && key !== 'data' && key !== 'id') return null
  const { event, data, id } = given as Record<string, unknown>
  if (typeof event !== 'string' || event.length > eventCharactersMax) return null
  if (id === undefined) return { event, data }
  if (typeof id === 'string' ? id.length > idCharactersMax : !Number.isSafeInteger(id)) return null
  return { event, data, id: id as string | number }
}

export const answerFrame = (event: string, data: unknown, id: FrameId): string =>
  JSON.stringify(id === undefined ? { event, data } : { event, data, id })

export const errorFrame = (code: RefusalCode, message: string, id: FrameId, retryAfterS?: number): string =>
  answerFrame('error', { code, message, ...(retryAfterS === undefined ? {} : { retry_after_s: retryAfterS }) }, id)

/** `data` is JSON already: what is kept as text is sent as it is. */
export const pushFrame = (event: string, data: string, seq: number): string =>
  `{"event":${JSON.stringify(event)},"data":${data},"seq":${seq}}`
