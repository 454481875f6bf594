const keptMax = 128

/** Moving figures of how long the last matched entries had waited: what a newcomer may be told to expect. */
export class Waits {
  private waitMs = new Float64Array(keptMax)
  private kept = 0
  private next = 0

  note(waitMs: number): void {
    this.waitMs[this.next] = Math.max(0, waitMs)
    this.next = (this.next + 1) % keptMax
    this.kept = Math.min(this.kept + 1, keptMax)
  }

  /** The middle one of the last waits; null while nobody was matched. */
  get medianMs(): number | null {
    return this.partMs(0.5)
  }

  /** A wait that this part of the last entries did not exceed. */
  partMs(part: number): number | null {
    if (this.kept === 0) return null
    const sorted = this.waitMs.slice(0, this.kept).sort()
    return sorted[Math.min(this.kept - 1, Math.floor(part * this.kept))]!
  }
}
