package main

import (
	"fmt"
	"strings"
)

// service is one service of a case.
type service struct {
	name     string
	labels   map[string]string
	networks []string
	// state is the state of its only task, empty for no task.
	state string
}

// golden is one case: what is deployed, and the lines that ask.
type golden struct {
	line     int
	services []*service
	asks     []int
}

// readCases reads the cases of a file.
func readCases(lines []string) ([]*golden, error) {
	var cases []*golden
	var current *golden
	for i, raw := range lines {
		line := strings.TrimLeft(raw, " ")
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case word == "rule" || word == "escaped" || word == "case":
			current = &golden{line: i + 1, services: []*service{first(word, rest)}}
			cases = append(cases, current)
		case current == nil:
			return nil, fmt.Errorf("line %d: belongs to no case", i+1)
		case strings.Contains(line, "://") && strings.Contains("GET POST PUT HEAD OPTIONS", word):
			current.asks = append(current.asks, i)
		case word == "and":
			current.services = append(current.services, named(rest))
		default:
			if err := current.services[len(current.services)-1].change(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	return cases, nil
}

// first is the service that every case has, with labels in good order.
func first(word, text string) *service {
	rule := "Host(`a.test`)"
	switch word {
	case "rule":
		rule = text
	case "escaped":
		rule = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r").Replace(text)
	}
	s := named("app")
	s.labels = map[string]string{
		"traefik.enable":                                     "true",
		"traefik.http.routers.app.rule":                      rule,
		"traefik.http.routers.app.entrypoints":               "web",
		"traefik.http.services.app.loadbalancer.server.port": ports[0],
	}
	return s
}

func named(name string) *service {
	return &service{name: name, labels: map[string]string{}, networks: []string{"proxy"}, state: "running"}
}

// change changes a service as a line below a case says.
func (s *service) change(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "without":
		delete(s.labels, rest)
	case "networks":
		s.networks = strings.Split(rest, ",")
	case "task":
		s.state = strings.TrimSuffix(rest, "none")
	default:
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("`%s` is neither a label nor a question", line)
		}
		s.labels[key] = value
	}
	return nil
}
