/** What a caller can cause, and what a person can do about it. The closed table of codes: status, and the words said
 *  where the refusal itself brings none of its own. `docs/errors.md` is held to it by a test. */
export const refusals = {
  INVALID_REQUEST: { status: 400, says: 'The request is not of the shape this call takes.' },
  UNAUTHENTICATED: { status: 401, says: 'Sign in first: the call needs a valid token.' },
  INVALID_CREDENTIALS: { status: 401, says: 'The username or the password is wrong.' },
  TOKEN_REUSED: {
    status: 401,
    says: 'This refresh token was used before, so its whole login has ended. Sign in again.',
  },
  INVALID_PROVIDER_TOKEN: {
    status: 401,
    says: 'The sign-in provider does not vouch for this. Sign in there again, and send what it gives you anew.',
  },
  FORBIDDEN: { status: 403, says: 'You may not do this.' },
  GUESTS_NOT_ALLOWED: { status: 403, says: 'Guests may not do this. Make an account first.' },
  KICKED: { status: 403, says: 'The host has removed you from this game.' },
  ADDRESS_NOT_ALLOWED: { status: 403, says: 'An operator has not allowed this address.' },
  NOT_FOUND: { status: 404, says: 'There is nothing at this address.' },
  PLAYER_NOT_FOUND: { status: 404, says: 'There is no such player.' },
  OBJECT_NOT_FOUND: { status: 404, says: 'Nothing is stored under this key.' },
  KEY_NOT_FOUND: { status: 404, says: 'There is no such API key.' },
  PROVIDER_NOT_FOUND: { status: 404, says: 'There is no such sign-in provider.' },
  LINK_NOT_FOUND: { status: 404, says: 'No identity of this provider is linked to you.' },
  SERVER_NOT_FOUND: { status: 404, says: 'No such server is registered. Register again.' },
  SESSION_NOT_FOUND: { status: 404, says: 'There is no such session.' },
  MODE_NOT_FOUND: { status: 404, says: 'There is no such mode for private games.' },
  QUEUE_NOT_FOUND: { status: 404, says: 'There is no such queue.' },
  GAME_NOT_FOUND: { status: 404, says: 'There is no such game.' },
  ENTRY_NOT_FOUND: { status: 404, says: 'You are not waiting in any queue.' },
  MATCH_NOT_FOUND: { status: 404, says: 'There is no such match for you.' },
  BOARD_NOT_FOUND: { status: 404, says: 'There is no such leaderboard.' },
  METHOD_NOT_ALLOWED: { status: 405, says: 'This address does not take that method.' },
  USERNAME_TAKEN: { status: 409, says: 'This username is taken. Choose another.' },
  NOT_A_GUEST: { status: 409, says: 'You have an account already.' },
  LINK_TAKEN: { status: 409, says: 'This identity belongs to another player. Sign in with it instead of linking it.' },
  ALREADY_LINKED: { status: 409, says: 'Another identity of this provider is linked to you. Unlink it first.' },
  LAST_WAY_IN: {
    status: 409,
    says: 'This is your only way to sign in. Set a password or link another identity first.',
  },
  ALREADY_SEARCHING: { status: 409, says: 'You are waiting in a queue already. Leave it first.' },
  ALREADY_PLAYING: { status: 409, says: 'You are in a session already. Finish or leave it first.' },
  PAUSED: { status: 409, says: 'You declined, left or missed matches and must wait before you search again.' },
  MATCH_EXPIRED: { status: 409, says: 'This match is no longer waiting for you.' },
  SESSION_ENDED: { status: 409, says: 'This session has ended.' },
  SESSION_STATE: { status: 409, says: 'The session is not in a state that allows this.' },
  GAME_STARTED: { status: 409, says: 'This game has begun. Nobody can join any more.' },
  GAME_CLOSED: { status: 409, says: 'The host lets nobody in any more.' },
  GAME_FULL: { status: 409, says: 'This game is full.' },
  SERVER_ID_TAKEN: { status: 409, says: 'A live server of another key holds this id. Choose another.' },
  SERVERS_FULL: { status: 409, says: 'You offer as many servers as you may. Take some back first.' },
  RESULT_CONFLICT: { status: 409, says: 'Another result was accepted for this session.' },
  SESSION_FULL: { status: 409, says: 'The session has no free slot.' },
  IDEMPOTENCY_IN_PROGRESS: { status: 409, says: 'The first request with this Idempotency-Key is still under way.' },
  VERSION_CONFLICT: { status: 412, says: 'The stored object has another version. Read it again.' },
  TOO_LARGE: { status: 413, says: 'The request is larger than this call takes.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, says: 'Send JSON, with Content-Type: application/json.' },
  INVALID_RESULT: { status: 422, says: 'The result does not fit the session.' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, says: 'This Idempotency-Key was used for another request.' },
  STORAGE_FULL: { status: 409, says: 'You have stored as much as you may. Delete something first.' },
  RATE_LIMITED: { status: 429, says: 'Too many requests. Wait, then try again.' },
  INTERNAL: { status: 500, says: 'Something broke on our side. The request id names it in our logs.' },
  BUSY: { status: 503, says: 'Too much is waiting right now. Try again shortly.' },
  NO_CAPACITY: { status: 503, says: 'No game server has room right now. Try again shortly.' },
  OUTCOME_UNKNOWN: {
    status: 503,
    says: 'It is not known whether this took effect. Repeat it with the same Idempotency-Key.',
  },
  PROVIDER_UNAVAILABLE: { status: 503, says: 'The sign-in provider does not answer as it should. Try again shortly.' },
  UNAVAILABLE: { status: 503, says: 'A store that this call needs does not answer. Try again shortly.' },
} as const

export type RefusalCode = keyof typeof refusals

/** One offending field: where it stands and what is wrong with it. */
export interface FieldComplaint {
  field: string
  problem: string
}

export interface RefusalDetails {
  /** Replaces the table's sentence; must be something a person can act on, and must hold no secret. */
  detail?: string
  fields?: FieldComplaint[]
  retryAfterS?: number
  cause?: unknown
}

/** Something a caller caused. Edges throw it; it becomes a problem document or a socket error. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly status: number
  readonly fields: FieldComplaint[] | undefined
  readonly retryAfterS: number | undefined

  constructor(code: RefusalCode, details: RefusalDetails = {}) {
    super(details.detail ?? refusals[code].says, { cause: details.cause })
    this.name = 'Refusal'
    this.code = code
    this.status = refusals[code].status
    this.fields = details.fields
    this.retryAfterS = details.retryAfterS
  }
}
