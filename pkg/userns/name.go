package userns

import (
	"bytes"
	"os"
	"strconv"
)

// nameOf is the login name of a user, "" when there is none to be found. Package os/user is not asked, because in a
// static program it believes $USER whenever /etc/passwd does not know the number, even where $USER is somebody else.
func nameOf(uid uint32) string {
	said := ""
	if int(uid) == os.Getuid() {
		said = os.Getenv("USER")
	}
	passwd, _ := readFile("/etc/passwd") // without it the number alone has to do
	return loginName(passwd, uid, said)
}

// loginName finds the name of a number in a file in the format of passwd(5). Users from LDAP or SSSD are not in that
// file: for them the name is said, by $USER, and taken unless the file gives it to another. A wrong name can do no
// harm: newuidmap asks the system itself and refuses.
func loginName(passwd []byte, uid uint32, said string) string {
	number := strconv.FormatUint(uint64(uid), 10)
	for line := range bytes.Lines(passwd) {
		fields := bytes.SplitN(line, []byte{':'}, 4)
		if len(fields) < 4 || len(fields[0]) == 0 {
			continue
		}
		if string(fields[2]) == number {
			return string(fields[0])
		}
		if string(fields[0]) == said {
			said = ""
		}
	}
	return said
}
