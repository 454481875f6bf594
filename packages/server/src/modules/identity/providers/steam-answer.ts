/** What the Web API says of a ticket, as it is documented: `{response: {params: {…}}}` for a good one,
 *  `{response: {error: {errorcode, errordesc}}}` for one that is not. */
export type SteamVerdict =
  | { kind: 'good'; steamId: string; ownerSteamId: string; vacBanned: boolean; publisherBanned: boolean }
  /** Of the ticket. */
  | { kind: 'refused'; reason: string }
  /** Of the key, or of everything. */
  | { kind: 'unavailable'; reason: string }

const id = /^[1-9]\d{0,19}$/

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

export function steamVerdict(status: number, text: string): SteamVerdict {
  if (status === 401 || status === 403) {
    return { kind: 'unavailable', reason: `Steam refuses the Web API key (${status}).` }
  }
  if (status !== 200) return { kind: 'unavailable', reason: `Steam answered with status ${status}.` }
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return { kind: 'unavailable', reason: 'Steam’s answer is not JSON.' }
  }
  const response = objectOf(objectOf(answer).response)
  const { errorcode } = objectOf(response.error)
  // 101 is an invalid ticket; others, 100 and 102 say, also speak of the ticket, and none of them admits anybody.
  if (typeof errorcode === 'number') return { kind: 'refused', reason: `Steam refuses the ticket (${errorcode}).` }
  const { result, steamid, ownersteamid, vacbanned, publisherbanned } = objectOf(response.params)
  if (typeof result === 'string' && result !== 'OK') return { kind: 'refused', reason: 'Steam refuses the ticket.' }
  if (
    result !== 'OK' ||
    typeof steamid !== 'string' ||
    typeof ownersteamid !== 'string' ||
    !(id.test(steamid) && id.test(ownersteamid)) ||
    typeof vacbanned !== 'boolean' ||
    typeof publisherbanned !== 'boolean'
  ) {
    return { kind: 'unavailable', reason: 'Steam’s answer has another shape than is documented.' }
  }
  return {
    ...{ kind: 'good', steamId: steamid, ownerSteamId: ownersteamid },
    ...{ vacBanned: vacbanned, publisherBanned: publisherbanned },
  }
}
