// Shop is one small HTTP service that stands for each of an application's: which one it is, and what is wrong with it, is set by its
// environment. README.md beside this file says all of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	settings, err := fromEnvironment(os.Getenv)
	if err == nil {
		err = run(settings)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

// run serves until it is told to end, and then until everybody has their answer.
func run(settings Settings) error {
	told, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	faults := newFaults(settings.Faults, settings.MemoryMax)
	select {
	case <-time.After(settings.StartDelay):
	case <-told.Done():
		return nil
	}
	service := newService(settings, faults)
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", settings.Host, settings.Port))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           service,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	// With a port of 0 this says which one it has become.
	fmt.Printf("shop: %s %s listens on %s\n", settings.Service, settings.Version, listener.Addr())
	go faults.live(told)
	select {
	case err := <-failed:
		return err
	case <-told.Done():
	}
	stop() // told again, it ends at once
	return drain(settings, service, server)
}

// drain takes requests for a while longer. A connection that is kept alive is closed with its next answer, which says so: whoever holds
// it then opens another one, to a pod that stays. Closing idle ones at once would lose the requests that are just on their way.
func drain(settings Settings, service *Service, server *http.Server) error {
	service.draining.Store(true)
	fmt.Printf("shop: draining for %s\n", settings.Drain)
	time.Sleep(settings.Drain)
	patience, cancel := context.WithTimeout(context.Background(), settings.Grace)
	defer cancel()
	if err := server.Shutdown(patience); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%d requests had no answer after %s", service.metrics.inFlight.Load(), settings.Grace)
	} else if err != nil {
		return err
	}
	fmt.Println("shop: drained")
	return nil
}
