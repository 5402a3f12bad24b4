package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const patience = 2 * time.Second // with an upstream

// Service answers requests.
type Service struct {
	settings Settings
	faults   *faulty
	metrics  *metrics
	draining atomic.Bool
	host     string
}

func newService(settings Settings, faults *faulty) *Service {
	host, _ := os.Hostname()
	return &Service{settings: settings, faults: faults, metrics: newMetrics(), host: host}
}

// ServeHTTP leads a request to its page. Probes, metrics and controls are no users': they are neither counted nor spoilt.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("X-Version", s.settings.Version)
	switch r.URL.Path {
	case "/health":
		reply(w, http.StatusOK, map[string]any{"status": "ok"})
	case "/ready":
		s.ready(w)
	case "/metrics":
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.metrics.write(w, s.faults.memory.Load())
	case "/control":
		s.control(w, r)
	default:
		s.measured(w, r)
	}
}

func (s *Service) ready(w http.ResponseWriter) {
	switch {
	case s.draining.Load():
		reply(w, http.StatusServiceUnavailable, map[string]any{"status": "draining"})
	case s.faults.now().Unready:
		reply(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready"})
	default:
		reply(w, http.StatusOK, map[string]any{"status": "ready"})
	}
}

func (s *Service) measured(w http.ResponseWriter, r *http.Request) {
	done := s.metrics.begin()
	faults := s.faults.now()
	// What it brings is read, so that the connection can be used again; more than that is nobody's business.
	io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20))
	s.faults.wait(r.Context(), faults)
	code, body := s.answer(r, faults)
	reply(w, code, body)
	done(code, r.Method)
}

func (s *Service) answer(r *http.Request, faults Faults) (int, map[string]any) {
	if s.faults.fails(faults) {
		return http.StatusInternalServerError, s.own(map[string]any{"error": "this one fails, as it was to"})
	}
	switch r.URL.Path {
	case "/", "/api/version", "/api/health":
		return http.StatusOK, s.own(nil)
	case "/api/chain":
		return s.chain(r.Context())
	}
	return http.StatusNotFound, s.own(map[string]any{"error": "there is no such page"})
}

func (s *Service) own(more map[string]any) map[string]any {
	body := map[string]any{"service": s.settings.Service, "version": s.settings.Version, "pod": s.host}
	for key, value := range more {
		body[key] = value
	}
	return body
}

// chain says which versions work together: this one's, and those of all that it calls.
func (s *Service) chain(ctx context.Context) (int, map[string]any) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	calls := []any{}
	for _, upstream := range s.settings.Upstreams {
		body, err := ask(ctx, upstream+"/api/chain")
		if err != nil {
			return http.StatusBadGateway, s.own(map[string]any{"error": err.Error()})
		}
		calls = append(calls, body)
	}
	return http.StatusOK, s.own(map[string]any{"calls": calls})
}

func ask(ctx context.Context, address string) (map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, response.Status)
	}
	var body map[string]any
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&body)
	return body, err
}

// control shows the faults, and with POST changes those that the form names. It isn't there unless it is allowed.
func (s *Service) control(w http.ResponseWriter, r *http.Request) {
	if !s.settings.Control {
		reply(w, http.StatusNotFound, map[string]any{"error": "not allowed here: SHOP_CONTROL is not true"})
		return
	}
	switch r.Method {
	case http.MethodGet:
		reply(w, http.StatusOK, s.faults.now().said())
	case http.MethodPost:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 4096))
		form, malformed := url.ParseQuery(strings.TrimSpace(string(body)))
		if err != nil || malformed != nil {
			reply(w, http.StatusBadRequest, map[string]any{"error": "send a form, like error_rate=0.1&latency=250ms"})
			return
		}
		faults, err := s.faults.change(func(now Faults) (Faults, error) { return now.changed(form) }, form.Has("crash_after"))
		if err != nil {
			reply(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
			return
		}
		reply(w, http.StatusOK, faults.said())
	default:
		w.Header().Set("Allow", "GET, POST")
		reply(w, http.StatusMethodNotAllowed, map[string]any{"error": "GET shows, POST changes"})
	}
}

func reply(w http.ResponseWriter, code int, body map[string]any) {
	made, _ := json.Marshal(body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(append(made, '\n'))
}
