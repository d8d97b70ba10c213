package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// ranges gives the node's own range and those of all others, each with the address to reach it by. IPv4 only.
func ranges(self string, nodes map[string]node) (own string, others map[string]string) {
	others = map[string]string{}
	for name, node := range nodes {
		prefix, err := netip.ParsePrefix(node.podRange)
		if err != nil || !prefix.Addr().Is4() {
			continue
		}
		if name == self {
			own = prefix.Masked().String()
		} else if address, err := netip.ParseAddr(node.address); err == nil && address.Is4() {
			others[prefix.Masked().String()] = address.String()
		}
	}
	return own, others
}

// text is what the log says of it.
func text(own string, others map[string]string, err error) string {
	if own == "" {
		return "this node has no pod range yet"
	}
	routes := make([]string, 0, len(others))
	for prefix, via := range others {
		routes = append(routes, prefix+" by "+via)
	}
	slices.Sort(routes)
	line := fmt.Sprintf("pods in %s; others: %s", own, strings.Join(routes, ", "))
	if err != nil {
		line += "; failed: " + err.Error()
	}
	return line
}
