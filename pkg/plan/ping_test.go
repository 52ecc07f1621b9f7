package plan

import (
	"testing"

	"github.com/urun/urun/pkg/idmap"
)

func TestPingGroups(t *testing.T) {
	full := idmap.Map{{ContainerID: 0, HostID: 1000, Size: 1}, {ContainerID: 1, HostID: 100000, Size: 65536}}
	apart := idmap.Map{{ContainerID: 500, HostID: 100500, Size: 10}, {ContainerID: 100, HostID: 100100, Size: 10}, {ContainerID: 4294967290, HostID: 7, Size: 5}}
	for _, tc := range []struct {
		gids             idmap.Map
		key, value, want string // the value, or the error
		noted            int
	}{
		{full, "net.ipv4.ping_group_range", "0 2147483647", "0 65536", 1},
		{full, "net/ipv4/ping_group_range", " 5\t70000", "5 65536", 1},
		{full, "net.ipv4.ping_group_range", "0 1000", "0 1000", 0},
		{full, "net.ipv4.ping_group_range", "1 0", "1 0", 0},
		{full[:1], "net.ipv4.ping_group_range", "0 2147483647", "0 0", 1},
		{apart, "net.ipv4.ping_group_range", "0 4294967295", "100 4294967294", 1},
		{apart, "net.ipv4.ping_group_range", "105 505", "105 505", 0},
		{apart, "net.ipv4.ping_group_range", "0 300", "100 109", 1},
		{apart, "net.ipv4.ping_group_range", "200 300", "linux.sysctl: net.ipv4.ping_group_range: no group from 200 to 300 is mapped into the container", 0},
		{full, "net.ipv4.ping_group_range", "0", `linux.sysctl: net.ipv4.ping_group_range: "0" is not two group ids`, 0},
		{full, "net.ipv4.ping_group_range", "a b", `linux.sysctl: net.ipv4.ping_group_range: "a b" is not two group ids`, 0},
		{full, "net.ipv4.ip_forward", "a", "a", 0},
		{nil, "net.ipv4.ping_group_range", "0 2147483647", "0 2147483647", 0},
	} {
		c := &compiler{}
		c.plan.Birth.GIDMap = tc.gids
		s, err := c.sysctl(tc.key, tc.value)
		got := s.Value
		if err != nil {
			got = err.Error()
		}
		if got != tc.want || len(c.plan.Notices) != tc.noted {
			t.Errorf("%s=%s in %v: %s and %d notices, want %s and %d", tc.key, tc.value, tc.gids, got, len(c.plan.Notices), tc.want, tc.noted)
		}
	}
}
