package main

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds: what can be set by mistake does no harm to the machine.
const (
	longest     = 30 * time.Second // that an answer, a start or an end is made to take
	mostMemory  = 1 << 30
	fastestLeak = 64 << 20
	million     = 1_000_000
)

// Faults is what is wrong with a service. It can change while it runs, where that is allowed.
type Faults struct {
	Errors     uint64        // of a million answers so many are 500
	Latency    time.Duration // what each answer takes
	Jitter     time.Duration // and up to so much more
	Unready    bool          // /ready says no
	CrashAfter time.Duration // it ends with an error so long after it was set; 0: it doesn't
	Leak       uint64        // bytes that it needs more with each second
}

// Settings is all that is set.
type Settings struct {
	Service, Version, Host   string
	Port                     int
	Faults                   Faults
	StartDelay, Drain, Grace time.Duration
	MemoryMax                uint64   // where a leak ends by itself
	Upstreams                []string // whom /api/chain asks
	Control                  bool     // whether /control changes faults
}

// fromEnvironment reads the variables; every mistake is said at once.
func fromEnvironment(get func(string) string) (Settings, error) {
	var problems []error
	text := func(name, otherwise string) string {
		if value := get("SHOP_" + name); value != "" {
			return value
		}
		return otherwise
	}
	settings := Settings{
		Service: text("SERVICE", "shop"),
		Version: text("VERSION", "unknown"),
		Host:    text("HOST", ""),
	}
	read := func(name, otherwise string, parse func(string) error) {
		value := text(name, otherwise)
		if err := parse(value); err != nil {
			problems = append(problems, fmt.Errorf("SHOP_%s is %q: %w", name, value, err))
		}
	}
	read("PORT", "3000", func(value string) (err error) {
		settings.Port, err = strconv.Atoi(value)
		if err != nil || settings.Port < 0 || settings.Port > 65535 {
			err = errors.New("give a port from 0 to 65535; 0 is any that is free")
		}
		return err
	})
	faults := &settings.Faults
	read("ERROR_RATE", "0", func(value string) (err error) { faults.Errors, err = share(value); return })
	read("LEAK", "0", func(value string) (err error) { faults.Leak, err = memory(value, fastestLeak); return })
	read("MEMORY_MAX", "512Mi", func(value string) (err error) { settings.MemoryMax, err = memory(value, mostMemory); return })
	for _, one := range []struct {
		name, otherwise string
		most            time.Duration
		to              *time.Duration
	}{
		{"LATENCY", "0s", longest, &faults.Latency},
		{"JITTER", "0s", longest, &faults.Jitter},
		{"CRASH_AFTER", "0s", 24 * time.Hour, &faults.CrashAfter},
		{"START_DELAY", "0s", 10 * time.Minute, &settings.StartDelay},
		{"DRAIN", "2s", 10 * time.Minute, &settings.Drain},
		{"GRACE", "40s", 10 * time.Minute, &settings.Grace},
	} {
		one := one
		read(one.name, one.otherwise, func(value string) (err error) { *one.to, err = duration(value, one.most); return })
	}
	read("UNREADY", "false", func(value string) (err error) { faults.Unready, err = flag(value); return })
	read("CONTROL", "false", func(value string) (err error) { settings.Control, err = flag(value); return })
	read("UPSTREAMS", "", func(value string) error {
		for _, one := range strings.Fields(value) {
			if parsed, err := url.Parse(one); err != nil || parsed.Host == "" || parsed.Scheme != "http" {
				return errors.New("give URLs like http://agent-manager, with blanks between them")
			}
			settings.Upstreams = append(settings.Upstreams, strings.TrimRight(one, "/"))
		}
		return nil
	})
	return settings, errors.Join(problems...)
}

// changed are the faults with some of them set anew, as /control gets them.
func (faults Faults) changed(form url.Values) (Faults, error) {
	var problems []error
	for name, values := range form {
		var err error
		value := values[len(values)-1]
		switch name {
		case "error_rate":
			faults.Errors, err = share(value)
		case "latency":
			faults.Latency, err = duration(value, longest)
		case "jitter":
			faults.Jitter, err = duration(value, longest)
		case "unready":
			faults.Unready, err = flag(value)
		case "crash_after":
			faults.CrashAfter, err = duration(value, 24*time.Hour)
		case "leak":
			faults.Leak, err = memory(value, fastestLeak)
		default:
			err = errors.New("unknown: known are error_rate, latency, jitter, unready, crash_after and leak")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s is %q: %w", name, value, err))
		}
	}
	return faults, errors.Join(problems...)
}

// said is what /control answers.
func (faults Faults) said() map[string]any {
	return map[string]any{
		"error_rate":  float64(faults.Errors) / million,
		"latency":     faults.Latency.String(),
		"jitter":      faults.Jitter.String(),
		"unready":     faults.Unready,
		"crash_after": faults.CrashAfter.String(),
		"leak":        faults.Leak,
	}
}

func share(text string) (uint64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= 0 && value <= 1) {
		return 0, errors.New("give a share from 0 to 1, like 0.05")
	}
	return uint64(math.Round(value * million)), nil
}

func duration(text string, most time.Duration) (time.Duration, error) {
	value, err := time.ParseDuration(text)
	if err != nil || value < 0 || value > most {
		return 0, fmt.Errorf("give a time of at most %s, like 250ms or 1m30s", most)
	}
	return value, nil
}

func memory(text string, most uint64) (uint64, error) {
	number, unit := text, uint64(1)
	for suffix, factor := range map[string]uint64{"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30} {
		if strings.HasSuffix(text, suffix) {
			number, unit = strings.TrimSuffix(text, suffix), factor
		}
	}
	value, err := strconv.ParseUint(number, 10, 32)
	if err != nil || value > most/unit {
		return 0, fmt.Errorf("give bytes, at most %dMi, like 4Mi", most>>20)
	}
	return value * unit, nil
}

func flag(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("give true or false")
}
