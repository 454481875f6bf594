import { describe, expect, it } from 'vitest'
import { readOptions } from '../../platform/options.ts'
import { fleetComplaints, fleetOptions, launchComplaints, launchSource, serverSource } from './config.ts'

const launch = (over: object = {}) =>
  readOptions(launchSource, { command: ['game'], ports: [7_000, 7_009], processesMax: 4, ...over }, 'the test')

describe('the options of the fleet', () => {
  it('are whole without being told', () => {
    expect(readOptions(fleetOptions, {}, 'the test')).toMatchObject({
      ttlS: 30,
      heartbeatIntervalS: 15,
      onStop: 'keep',
    })
    expect(readOptions(serverSource, {}, 'the test')).toEqual({})
  })

  it('keep launched servers on loopback unless told', () => {
    expect(launch()).toMatchObject({
      bindHost: '127.0.0.1',
      publicHost: '127.0.0.1',
      readyTimeoutS: 30,
      stopGraceS: 10,
    })
  })

  it.each([{ command: [] }, { ports: [7_000] }, { ports: [0, 70_000] }, { processesMax: 0 }, { shell: true }])(
    'refuse %j',
    (over) => {
      expect(() => launch(over)).toThrow(/is not a configuration/)
    },
  )

  it('hold launched servers to limits unless told', () => {
    expect(launch().limits).toEqual({ memoryMiB: 2_048, processes: 256, openFiles: 4_096, fileMiB: 1_024 })
    expect(launch({ limits: { processes: 64 } }).limits).toMatchObject({ memoryMiB: 2_048, processes: 64 })
    expect(() => launch({ limits: { memoryMiB: 0 } })).toThrow(/memoryMiB/)
  })

  it('give no server the user of root or of the system, and complain where there is none to give', () => {
    const users = (isolationUsers: unknown) => readOptions(fleetOptions, { isolationUsers }, 'the test')
    expect(() => users([0, 2_000])).toThrow(/isolationUsers/)
    expect(fleetComplaints(users([2_000, 2_000]))).toEqual([])
    expect(fleetComplaints(users([2_001, 2_000]))).toEqual(['isolationUsers: the first, 2001, is above the last, 2000'])
  })

  it('[security 37] never let Muster’s own variables be inherited', () => {
    expect(() => readOptions(fleetOptions, { inheritEnv: ['MUSTER_SECRET_FILE'] }, 'the test')).toThrow(/inheritEnv/)
  })

  it('complain of variables that a mode may not set', () => {
    expect(launchComplaints(launch({ env: { LEVEL: 'hill' } }))).toEqual([])
    const complaints = launchComplaints(launch({ env: { MUSTER_REPORT_TOKEN: 'x', 'A B': 'x' } }))
    expect(complaints).toHaveLength(2)
    expect(complaints[0]).toContain('MUSTER_REPORT_TOKEN')
  })

  it('complain of ports that cannot be enough', () => {
    expect(launchComplaints(launch())).toEqual([])
    expect(launchComplaints(launch({ ports: [7_009, 7_000] }))).toHaveLength(1)
    expect(launchComplaints(launch({ ports: [7_000, 7_001] }))).toHaveLength(1)
  })

  it('complain of what is meant as an address and is none', () => {
    expect(launchComplaints(launch({ bindHost: '999.1.1.1', publicHost: 'fe80::1::2' }))).toEqual([
      'publicHost: fe80::1::2 is no IP address',
      'bindHost: 999.1.1.1 is no IP address',
    ])
    expect(launchComplaints(launch({ bindHost: '::', publicHost: 'play.example' }))).toEqual([])
  })
})
