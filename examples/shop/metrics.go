package main

import (
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Among these are the bounds that alerts look at: 2 s and 5 s.
var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30}

type answer struct{ code, method string }

// metrics are requests, errors and durations. Whose they are (service, slot, version, pod) is known to whoever collects them: said here
// too, they would be there twice, under two names.
type metrics struct {
	mutex    sync.Mutex
	answers  map[answer]uint64
	buckets  []uint64 // not cumulative; the last one is what no bound holds
	seconds  float64
	inFlight atomic.Int64
	started  time.Time
}

func newMetrics() *metrics {
	return &metrics{answers: map[answer]uint64{}, buckets: make([]uint64, len(bounds)+1), started: time.Now()}
}

// begin counts a request as under way until what it returns is called.
func (m *metrics) begin() func(code int, method string) {
	m.inFlight.Add(1)
	began := time.Now()
	return func(code int, method string) {
		seconds := time.Since(began).Seconds()
		m.inFlight.Add(-1)
		m.mutex.Lock()
		defer m.mutex.Unlock()
		m.answers[answer{strconv.Itoa(code), known(method)}]++
		m.buckets[sort.SearchFloat64s(bounds, seconds)]++
		m.seconds += seconds
	}
}

// known keeps clients from making up series.
func known(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// write is the text format of Prometheus.
func (m *metrics) write(w io.Writer, leaked uint64) {
	var out strings.Builder
	head := func(name, kind, help string) {
		fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}
	m.mutex.Lock()
	head("http_requests_total", "counter", "Requests by the code of their answer.")
	answers := make([]answer, 0, len(m.answers))
	for one := range m.answers {
		answers = append(answers, one)
	}
	sort.Slice(answers, func(i, j int) bool {
		return answers[i].code+answers[i].method < answers[j].code+answers[j].method
	})
	for _, one := range answers {
		fmt.Fprintf(&out, "http_requests_total{code=%q,method=%q} %d\n", one.code, one.method, m.answers[one])
	}
	head("http_request_duration_seconds", "histogram", "How long answers took.")
	below := uint64(0)
	for i, bound := range bounds {
		below += m.buckets[i]
		fmt.Fprintf(&out, "http_request_duration_seconds_bucket{le=\"%g\"} %d\n", bound, below)
	}
	below += m.buckets[len(bounds)]
	fmt.Fprintf(&out, "http_request_duration_seconds_bucket{le=\"+Inf\"} %d\n", below)
	fmt.Fprintf(&out, "http_request_duration_seconds_sum %g\nhttp_request_duration_seconds_count %d\n", m.seconds, below)
	m.mutex.Unlock()
	head("http_requests_in_flight", "gauge", "Requests that have no answer yet.")
	fmt.Fprintf(&out, "http_requests_in_flight %d\n", m.inFlight.Load())
	head("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.")
	fmt.Fprintf(&out, "process_start_time_seconds %.3f\n", float64(m.started.UnixMilli())/1000)
	head("process_resident_memory_bytes", "gauge", "How much memory it has.")
	fmt.Fprintf(&out, "process_resident_memory_bytes %d\n", resident())
	head("shop_leaked_bytes", "gauge", "How much of it is leaked, as it was to be.")
	fmt.Fprintf(&out, "shop_leaked_bytes %d\n", leaked)
	io.WriteString(w, out.String())
}

func resident() int {
	stat, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(stat))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}
