package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/vishvananda/netlink"
)

// The mark of our routes, so that no other is ever taken away (rtnetlink's numbers up to 4 are the kernel's, most others have owners).
const mark netlink.RouteProtocol = 89

// keepRoutes makes the routes what they should be: range to address.
func keepRoutes(wanted map[string]string) error {
	found, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: mark}, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return fmt.Errorf("routes cannot be read: %w", err)
	}
	there := map[string]string{}
	var failures []error
	for _, route := range found {
		prefix := route.Dst.String()
		if _, ok := wanted[prefix]; ok {
			there[prefix] = route.Gw.String()
		} else if err := netlink.RouteDel(&route); err != nil && !errors.Is(err, syscall.ESRCH) {
			failures = append(failures, fmt.Errorf("the route to %s cannot be removed: %w", prefix, err))
		}
	}
	for prefix, via := range wanted {
		if there[prefix] == via {
			continue
		}
		_, to, err := net.ParseCIDR(prefix)
		if err != nil {
			return err
		}
		if err := netlink.RouteReplace(&netlink.Route{Dst: to, Gw: net.ParseIP(via), Protocol: mark}); err != nil {
			failures = append(failures, fmt.Errorf("no route to %s by %s (are the nodes in one network?): %w", prefix, via, err))
		}
	}
	return errors.Join(failures...)
}
