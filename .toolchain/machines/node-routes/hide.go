package main

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// The rule in force, as nft was given it.
var hidden string

// hide gives what our pods send out of the cluster the node's address: nobody out there knows a way to a pod's. One transaction.
func hide(own string, others map[string]string) error {
	pods := append(slices.Sorted(maps.Keys(others)), own)
	rules := fmt.Sprintf(`table ip node-routes
delete table ip node-routes
table ip node-routes {
	chain out {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr %s ip daddr != { %s, 224.0.0.0/4 } masquerade fully-random
	}
}
`, own, strings.Join(pods, ", "))
	if rules == hidden && exec.Command("nft", "list", "chain", "ip", "node-routes", "out").Run() == nil {
		return nil
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(rules)
	if said, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(string(said)))
	}
	hidden = rules
	return nil
}
