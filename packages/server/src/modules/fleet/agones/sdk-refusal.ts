import { Refusal } from '@muster/protocol'

/** Why a server’s own SDK call is refused: the words of gRPC, from which the gateway’s HTTP status follows. */
export type SdkCode =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'

/** Each as gRPC numbers it, with the status that its gateway answers with. */
export const sdkCodes: Readonly<Record<SdkCode, { code: number; status: number }>> = {
  INVALID_ARGUMENT: { code: 3, status: 400 },
  NOT_FOUND: { code: 5, status: 404 },
  ALREADY_EXISTS: { code: 6, status: 409 },
  PERMISSION_DENIED: { code: 7, status: 403 },
  RESOURCE_EXHAUSTED: { code: 8, status: 429 },
  OUT_OF_RANGE: { code: 11, status: 400 },
  UNIMPLEMENTED: { code: 12, status: 501 },
  INTERNAL: { code: 13, status: 500 },
  UNAVAILABLE: { code: 14, status: 503 },
}

export class SdkRefusal extends Error {
  readonly code: SdkCode

  constructor(code: SdkCode, message: string) {
    super(message)
    this.code = code
  }
}

/** What a call came to, told to who made it. A store that does not answer is nobody's fault, and passes. */
export function refusalOf(error: unknown, onFault: (error: unknown) => void): SdkRefusal {
  if (error instanceof SdkRefusal) return error
  if (error instanceof Refusal) return new SdkRefusal('UNAVAILABLE', error.message)
  onFault(error)
  return new SdkRefusal('INTERNAL', 'Muster failed.')
}
