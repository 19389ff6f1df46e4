package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// freePorts gives two addresses of loopback on which nobody listens.
func freePorts() (string, string, error) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer first.Close()
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer second.Close()
	return first.Addr().String(), second.Addr().String(), nil
}

// ask sends one request as it stands, `METHOD URL [| HEADER: VALUE]…`, and says in a few words what came back.
func (p *proxy) ask(question string) string {
	parts := strings.Split(question, " | ")
	method, url, _ := strings.Cut(parts[0], " ")
	scheme, rest, _ := strings.Cut(url, "://")
	host, target := rest, "/"
	if at := strings.Index(rest, "/"); at >= 0 {
		host, target = rest[:at], rest[at:]
	}
	connection, err := p.dial(scheme, host)
	if err != nil {
		return "none"
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(connection, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, target, host)
	for _, header := range parts[1:] {
		fmt.Fprintf(connection, "%s\r\n", header)
	}
	fmt.Fprint(connection, "\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		return "none"
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return inWords(answer)
}

func (p *proxy) dial(scheme, host string) (net.Conn, error) {
	if scheme == "http" {
		return net.DialTimeout("tcp", p.web, 5*time.Second)
	}
	name, _, _ := strings.Cut(host, ":")
	config := &tls.Config{InsecureSkipVerify: true, ServerName: strings.TrimSuffix(name, ".")}
	return tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", p.secure, config)
}

// inWords gives the status, then the task that answered and what it was asked for, or what an answer of Traefik itself says.
func inWords(answer *http.Response) string {
	words := fmt.Sprint(answer.StatusCode)
	for _, name := range []string{"X-Answered", "Location", "Www-Authenticate"} {
		// a nonce is another one each time
		if value, _, _ := strings.Cut(answer.Header.Get(name), ", nonce="); value != "" {
			words += " " + value
		}
	}
	return words
}
