import type { Log } from './log.ts'

/** News in the past tense (`session.ended`), for who is interested in this process. Nothing may depend on hearing one:
 *  whoever listens must also find out by looking. */
export interface Facts<Told extends object> {
  tell<Name extends keyof Told>(name: Name, fact: Told[Name]): void
  hear<Name extends keyof Told>(name: Name, listener: (fact: Told[Name]) => void): void
}

export function announcements<Told extends object>(log: Log): Facts<Told> {
  const listeners = new Map<keyof Told, ((fact: never) => void)[]>()
  return {
    tell(name, fact) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          listener(fact as never)
        } catch (error) {
          log.error({ err: error, fact: String(name) }, 'a listener failed')
        }
      }
    },
    hear(name, listener) {
      const known = listeners.get(name) ?? []
      known.push(listener as (fact: never) => void)
      listeners.set(name, known)
    },
  }
}
