package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	// kube-proxy's, from its ConfigMap: it names the API's address from outside, which answers before there are Services.
	kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf"
	// What the kubelet gives every pod. The token is renewed there from time to time.
	account = "/var/run/secrets/kubernetes.io/serviceaccount"
)

var (
	serverLine = regexp.MustCompile(`(?m)^\s*server:\s*"?(https://[^\s"]+)"?\s*$`)
	authority  string // what $trusted trusts
	trusted    *http.Client
)

// api says where the API is and how to ask it.
func api() (server, token string, client *http.Client, err error) {
	server = "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	if content, err := os.ReadFile(kubeconfig); err == nil {
		if found := serverLine.FindSubmatch(content); found != nil {
			server = string(found[1])
		}
	}
	secret, err := os.ReadFile(account + "/token")
	if err != nil {
		return "", "", nil, err
	}
	pem, err := os.ReadFile(account + "/ca.crt")
	if err != nil {
		return "", "", nil, err
	}
	if trusted == nil || string(pem) != authority {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return "", "", nil, errors.New(account + "/ca.crt holds no certificate")
		}
		authority = string(pem)
		trusted = &http.Client{Transport: &http.Transport{
			TLSClientConfig:       &tls.Config{RootCAs: pool},
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: 15 * time.Second,
			ForceAttemptHTTP2:     true,
			// Or nobody would notice that the other end is gone while there is nothing to tell.
			HTTP2: &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
		}}
	}
	return server, strings.TrimSpace(string(secret)), trusted, nil
}
