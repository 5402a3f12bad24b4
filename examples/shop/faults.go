package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const tick = 100 * time.Millisecond

// faulty is the faults as they are just now, and what they have done.
type faulty struct {
	mutex     sync.Mutex
	faults    Faults
	since     time.Time // when the crash was set
	answered  atomic.Uint64
	leaked    [][]byte
	memory    atomic.Uint64
	memoryMax uint64
}

func newFaults(faults Faults, memoryMax uint64) *faulty {
	return &faulty{faults: faults, since: time.Now(), memoryMax: memoryMax}
}

func (f *faulty) now() Faults {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.faults
}

// change sets some of them anew. A crash is counted from then on, if it is among them.
func (f *faulty) change(change func(Faults) (Faults, error), crash bool) (Faults, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	changed, err := change(f.faults)
	if err != nil {
		return f.faults, err
	}
	f.faults = changed
	if crash {
		f.since = time.Now()
	}
	return changed, nil
}

// fails says whether this answer is to be an error. They are spread evenly: of each 500 answers of one pod exactly one fails at a rate of
// 0.002, so that what is measured can be held against what was set.
func (f *faulty) fails(faults Faults) bool {
	n := f.answered.Add(1)
	return n*faults.Errors/million > (n-1)*faults.Errors/million
}

// wait makes the answer take its time, unless nobody waits for it any more.
func (f *faulty) wait(ctx context.Context, faults Faults) {
	takes := faults.Latency
	if faults.Jitter > 0 {
		takes += time.Duration(rand.Int63n(int64(faults.Jitter)))
	}
	if takes == 0 {
		return
	}
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// live lets what happens with time happen: leaks and crashes.
func (f *faulty) live(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		f.mutex.Lock()
		faults, since := f.faults, f.since
		f.mutex.Unlock()
		if faults.CrashAfter > 0 && time.Since(since) >= faults.CrashAfter {
			fmt.Fprintf(os.Stderr, "shop: crashed, as it was to, after %s\n", faults.CrashAfter)
			os.Exit(2)
		}
		f.leak(faults.Leak / uint64(time.Second/tick))
	}
}

// leak takes memory, and writes to it: what was never written to needs none.
func (f *faulty) leak(size uint64) {
	if size = min64(size, f.memoryMax-f.memory.Load()); size == 0 {
		return
	}
	taken := make([]byte, size)
	for i := 0; i < len(taken); i += 4096 {
		taken[i] = 1
	}
	f.leaked = append(f.leaked, taken)
	f.memory.Add(size)
}

func min64(a, b uint64) uint64 {
	if a < b {
		return a
	}
	return b
}
