import type { SdkCalls } from '../sdk.ts'
import { SdkRefusal } from '../sdk-refusal.ts'
import {
  counterMessage,
  gameServerMessage,
  listMessage,
  type Message,
  messageIn,
  numberIn,
  textIn,
  textsIn,
} from './messages.ts'

/** One call that is answered once. */
export type Method = (calls: SdkCalls, request: Message) => Promise<Message> | Message

/** What answers with nothing. */
const quiet =
  (run: (calls: SdkCalls, request: Message) => Promise<void>): Method =>
  async (calls, request) => {
    await run(calls, request)
    return {}
  }

export const sdkMethods = {
  Ready: quiet((calls) => calls.ready()),
  Allocate: quiet((calls) => calls.allocate()),
  Shutdown: quiet((calls) => calls.shutdown()),
  GetGameServer: (calls) => gameServerMessage(calls.read()),
  SetLabel: quiet((calls, kv) => calls.setLabel(textIn(kv, 'key'), textIn(kv, 'value'))),
  SetAnnotation: quiet((calls, kv) => calls.setAnnotation(textIn(kv, 'key'), textIn(kv, 'value'))),
  Reserve: quiet((calls, duration) => calls.reserve(numberIn(duration, 'seconds') ?? 0)),
} satisfies Record<string, Method>

const listFields = new Set(['capacity', 'values'])

/** A field that the mask names and the message leaves out takes its default; without a mask, what is set counts. */
async function updateList(calls: SdkCalls, request: Message): Promise<Message> {
  const given = messageIn(request, 'list')
  const mask = request.update_mask ?? null
  const paths = mask === null ? [] : textsIn(messageIn(request, 'update_mask'), 'paths')
  for (const path of paths) {
    if (!listFields.has(path)) throw new SdkRefusal('INVALID_ARGUMENT', `A list has no field ${path}.`)
  }
  const capacity = numberIn(given, 'capacity') ?? 0
  const values = textsIn(given, 'values')
  const isMeant = (field: string, isSet: boolean) => (paths.length === 0 ? isSet : paths.includes(field))
  const name = textIn(given, 'name')
  const after = await calls.updateList(
    name,
    isMeant('capacity', capacity !== 0) ? capacity : null,
    isMeant('values', values.length > 0) ? values : null,
  )
  return listMessage(name, after)
}

export const countMethods = {
  GetCounter: (calls, request) => {
    const name = textIn(request, 'name')
    return counterMessage(name, calls.counter(name))
  },
  UpdateCounter: async (calls, request) => {
    const update = messageIn(request, 'counterUpdateRequest')
    const name = textIn(update, 'name')
    const parts = { count: numberIn(update, 'count'), capacity: numberIn(update, 'capacity') }
    return counterMessage(
      name,
      await calls.updateCounter({ name, ...parts, countDiff: numberIn(update, 'countDiff') ?? 0 }),
    )
  },
  GetList: (calls, request) => {
    const name = textIn(request, 'name')
    return listMessage(name, calls.list(name))
  },
  UpdateList: updateList,
  AddListValue: async (calls, request) => {
    const name = textIn(request, 'name')
    return listMessage(name, await calls.addListValue(name, textIn(request, 'value')))
  },
  RemoveListValue: async (calls, request) => {
    const name = textIn(request, 'name')
    return listMessage(name, await calls.removeListValue(name, textIn(request, 'value')))
  },
} satisfies Record<string, Method>

const count = (value: number): Message => ({ count: String(value) })

export const playerMethods = {
  PlayerConnect: async (calls, request) => ({ bool: await calls.playerConnect(textIn(request, 'playerID')) }),
  PlayerDisconnect: async (calls, request) => ({ bool: await calls.playerDisconnect(textIn(request, 'playerID')) }),
  SetPlayerCapacity: quiet((calls, request) => calls.setPlayerCapacity(numberIn(request, 'count') ?? 0)),
  GetPlayerCapacity: (calls) => count(calls.read().players.capacity),
  GetPlayerCount: (calls) => count(calls.read().players.ids.length),
  IsPlayerConnected: (calls, request) => ({ bool: calls.read().players.ids.includes(textIn(request, 'playerID')) }),
  GetConnectedPlayers: (calls) => ({ list: calls.read().players.ids }),
} satisfies Record<string, Method>
