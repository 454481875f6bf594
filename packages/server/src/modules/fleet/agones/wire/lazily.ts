import type { SdkPort, SdkPortRequest } from './serve.ts'

/** gRPC is loaded with the first server that has an SDK: whoever has none does not pay for it. */
export function sdkPorts(): (request: SdkPortRequest) => Promise<SdkPort | { problem: string }> {
  let loading: Promise<(request: SdkPortRequest) => Promise<SdkPort | { problem: string }>> | null = null
  return async (request) => {
    loading ??= import('./serve.ts').then(({ createServing }) => createServing())
    return (await loading)(request)
  }
}
