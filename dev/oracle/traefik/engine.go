package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Networks and services have fixed places, from which their addresses follow.
var (
	networks = []string{"proxy", "internal"}
	names    = []string{"mark", "app", "web", "db"}
	ports    = []string{"28080", "28081"}
)

// address is where the task of a service is on a network: loopback, so that no network has to be made.
func address(network, name string) string {
	return fmt.Sprintf("127.0.%d.%d", index(networks, network)+1, index(names, name)+1)
}

func index(all []string, one string) int {
	for i, name := range all {
		if name == one || strings.HasSuffix(one, "_"+name) {
			return i
		}
	}
	panic("unknown name in a golden file: " + one)
}

// startTasks answers in place of all tasks, and says in its answer which task it was and what it was asked for.
func startTasks() error {
	for _, network := range networks {
		for _, name := range names {
			for _, port := range ports {
				listener, err := net.Listen("tcp", net.JoinHostPort(address(network, name), port))
				if err != nil {
					return err
				}
				go http.Serve(listener, echo(network, name, port))
			}
		}
	}
	return nil
}

func echo(network, name, port string) http.Handler {
	who := name
	if network != "proxy" {
		who += "." + network
	}
	if port != ports[0] {
		who += ":" + port
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Answered", who+" "+r.RequestURI)
	})
}

// engine plays the part of the engine's API that Traefik's swarm provider uses.
type engine struct {
	address string
	lock    sync.Mutex
	turn    int
	shown   []*service
}

func startEngine() (*engine, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &engine{address: listener.Addr().String()}
	go http.Serve(listener, e)
	return e, nil
}

// show makes these the services of the swarm, and gives the host by which the moment can be told.
func (e *engine) show(services []*service) string {
	e.lock.Lock()
	defer e.lock.Unlock()
	e.turn++
	host := fmt.Sprintf("turn-%d.invalid", e.turn)
	mark := named("mark")
	mark.labels = map[string]string{
		"traefik.enable": "true",
		"traefik.http.services.mark.loadbalancer.server.port": ports[0],
		"traefik.http.routers.mark.rule":                      "Host(`" + host + "`)",
		"traefik.http.routers.mark.priority":                  "1000000",
		"traefik.http.routers.mark.entrypoints":               "web",
		"traefik.http.routers.mark.service":                   "mark",
		"traefik.http.routers.mark-tls.rule":                  "Host(`" + host + "`)",
		"traefik.http.routers.mark-tls.priority":              "1000000",
		"traefik.http.routers.mark-tls.entrypoints":           "web-secure",
		"traefik.http.routers.mark-tls.service":               "mark",
		"traefik.http.routers.mark-tls.tls":                   "true",
	}
	e.shown = append([]*service{mark}, services...)
	return host
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.lock.Lock()
	defer e.lock.Unlock()
	w.Header().Set("Api-Version", "1.41")
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/version"):
		send(w, map[string]any{"Version": "20.10.24", "ApiVersion": "1.41"})
	case strings.HasSuffix(path, "/services"):
		send(w, e.services())
	case strings.HasSuffix(path, "/networks"):
		all := []any{}
		for _, name := range networks {
			all = append(all, map[string]any{"Id": name, "Name": name, "Scope": "swarm", "Driver": "overlay"})
		}
		send(w, all)
	case strings.HasSuffix(path, "/tasks"):
		send(w, e.tasks(r.URL.Query().Get("filters")))
	default:
		fmt.Fprint(w, "OK")
	}
}

func send(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (e *engine) services() []any {
	all := []any{}
	for _, s := range e.shown {
		spec := map[string]any{
			"Name": s.name, "Labels": s.labels, "EndpointSpec": map[string]any{"Mode": "dnsrr"},
			"Mode": map[string]any{"Replicated": map[string]any{"Replicas": 1}},
		}
		all = append(all, map[string]any{"ID": s.name, "Spec": spec})
	}
	return all
}

// tasks gives the task of the service that the filters name; their other part, the desired state, all tasks fulfil.
func (e *engine) tasks(filters string) []any {
	all := []any{}
	for _, s := range e.shown {
		if s.state == "" || !strings.Contains(filters, `"`+s.name+`"`) {
			continue
		}
		attached := []any{}
		for _, network := range s.networks {
			attached = append(attached, map[string]any{
				"Network": map[string]any{"ID": network}, "Addresses": []string{address(network, s.name) + "/24"},
			})
		}
		all = append(all, map[string]any{
			"ID": "task-" + s.name, "ServiceID": s.name, "Slot": 1, "DesiredState": "running",
			"Status": map[string]any{"State": s.state}, "NetworksAttachments": attached,
		})
	}
	return all
}
