import { Closed } from '@muster/protocol'
import Type from 'typebox'

const Texts = Type.Record(Type.String(), Type.String())
const Int = Type.Integer({ minimum: 0 })
const named = <One extends Parameters<typeof Type.Record>[1]>(one: One) =>
  Type.Optional(Type.Record(Type.String(), one))

const selector = Closed({
  matchLabels: Type.Optional(Texts),
  matchExpressions: Type.Optional(
    Type.Array(
      Closed({
        key: Type.String(),
        operator: Type.Enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: Type.Optional(Type.Array(Type.String())),
      }),
    ),
  ),
  gameServerState: Type.Optional(Type.Enum(['Ready', 'Allocated'])),
  counters: named(
    Closed({
      minCount: Type.Optional(Int),
      maxCount: Type.Optional(Int),
      minAvailable: Type.Optional(Int),
      maxAvailable: Type.Optional(Int),
    }),
  ),
  lists: named(
    Closed({
      containsValue: Type.Optional(Type.String()),
      minAvailable: Type.Optional(Int),
      maxAvailable: Type.Optional(Int),
    }),
  ),
})

/** A GameServerAllocation as the reference of Agones describes it, and nothing beside. */
export const gameServerAllocation = Closed({
  apiVersion: Type.Enum(['allocation.agones.dev/v1']),
  kind: Type.Enum(['GameServerAllocation']),
  metadata: Closed({ namespace: Type.String() }),
  spec: Closed({
    selectors: Type.Array(selector, { minItems: 1 }),
    scheduling: Type.Enum(['Packed', 'Distributed']),
    priorities: Type.Optional(
      Type.Array(
        Closed({
          type: Type.Enum(['Counter', 'List']),
          key: Type.String(),
          order: Type.Enum(['Ascending', 'Descending']),
        }),
      ),
    ),
    counters: named(
      Closed({
        action: Type.Optional(Type.Enum(['Increment', 'Decrement'])),
        amount: Type.Optional(Int),
        capacity: Type.Optional(Int),
      }),
    ),
    lists: named(
      Closed({
        addValues: Type.Optional(Type.Array(Type.String())),
        deleteValues: Type.Optional(Type.Array(Type.String())),
        capacity: Type.Optional(Int),
      }),
    ),
    metadata: Closed({ labels: Texts, annotations: Texts }),
  }),
})
