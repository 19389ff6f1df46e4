// Command traefikanswers asks a real Traefik v3 what it answers, and writes the answers into the golden files that the tests of
// ccci's own routing read. No engine is needed: it plays the engine for Traefik's swarm provider and the tasks behind it.
//
//	traefikanswers TRAEFIK FILE…
//
// The format of the files is described at the top of goldens/rules.txt; the text after `=>` is what this command writes.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: traefikanswers TRAEFIK FILE…")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(traefik string, files []string) error {
	if err := startTasks(); err != nil {
		return err
	}
	engine, err := startEngine()
	if err != nil {
		return err
	}
	proxy := &proxy{program: traefik, engine: engine.address}
	if err := proxy.start(); err != nil {
		return err
	}
	defer proxy.end()
	for _, name := range files {
		if err := fill(name, engine, proxy); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// fill answers every question of a file and writes it back.
func fill(name string, engine *engine, proxy *proxy) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	cases, err := readCases(lines)
	if err != nil {
		return err
	}
	asked := 0
	for _, c := range cases {
		turn := engine.show(c.services)
		follows := proxy.awaits(turn)
		for _, at := range c.asks {
			question, _, _ := strings.Cut(lines[at], " =>")
			answer := "stuck"
			if follows {
				answer = proxy.ask(strings.TrimSpace(question))
			}
			lines[at] = question + " => " + answer
			asked++
		}
		if !follows {
			// it follows nothing any more
			engine.show(nil)
			proxy.end()
			if err := proxy.start(); err != nil {
				return err
			}
		}
	}
	fmt.Printf("oracle: %s: %d cases, %d answers\n", name, len(cases), asked)
	return os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}

// proxy is the running Traefik.
type proxy struct {
	program, engine string
	command         *exec.Cmd
	web, secure     string
}

// start starts Traefik as an operator of Co-op Cloud runs it: nothing is exposed by default, and tasks are asked on the
// network `proxy`. Only the intervals are shorter.
func (p *proxy) start() error {
	var err error
	if p.web, p.secure, err = freePorts(); err != nil {
		return err
	}
	p.command = exec.Command(p.program,
		"--entrypoints.web.address="+p.web,
		"--entrypoints.web-secure.address="+p.secure,
		"--providers.swarm.endpoint=tcp://"+p.engine,
		"--providers.swarm.exposedbydefault=false",
		"--providers.swarm.network=proxy",
		"--providers.swarm.refreshseconds=50ms",
		"--providers.providersthrottleduration=10ms",
		"--global.checknewversion=false",
		"--global.sendanonymoususage=false",
		"--log.level=ERROR",
	)
	p.command.Stdout, p.command.Stderr = os.Stderr, os.Stderr
	return p.command.Start()
}

func (p *proxy) end() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

// awaits waits until Traefik has taken over what the engine shows: then both entry points know the host of this turn.
func (p *proxy) awaits(turn string) bool {
	for last := time.Now().Add(10 * time.Second); time.Now().Before(last); time.Sleep(20 * time.Millisecond) {
		if p.ask("GET http://"+turn+"/") == "200 mark /" && p.ask("GET https://"+turn+"/") == "200 mark /" {
			return true
		}
	}
	return false
}
