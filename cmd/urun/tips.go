package main

import "strings"

// A tip is for who types what another program understands: docker, podman, kill(1).
type tip struct {
	command string // of ours; "" where it stands for a command
	words   string // what is typed, between spaces
	meant   string
}

// tips is a function so that nothing is made at start-up.
func tips() []tip {
	return []tip{
		{"", " rm ", "urun delete deletes a container"},
		{"", " ls ", "urun list lists the containers"},
		{"", " stop ", "urun kill sends a signal, TERM if no other is named"},
		{"", " inspect ", "urun state prints what there is to know about a container"},
		{"", " top ", "urun ps lists the processes of a container, urun stats shows what it uses"},
		{"", " unpause ", "urun resume is the other half of pause"},
		{"", " info ", "urun features prints what urun supports"},
		{"", " logs ", "urun keeps no output: it goes where the output of urun run or create goes"},
		{"", " pull images image build ", "urun knows no images: it runs bundles, and urun spec begins one"},
		{"ps", " <container-id> ", "urun list lists the containers"},
		{"completion", " <shell> ", "it is bash, zsh or fish"},
		{"list", " --all -a ", "all containers are listed, those that have stopped too"},
		{"run", " --rm ", "run deletes the container at its end, unless --keep is given"},
		{"run", " --name ", "the name is the last word: urun run NAME"},
		{"run", " -i --interactive ", "standard input is passed on without a flag"},
		{"run", " -t --tty ", "process.terminal in config.json says whether there is a terminal"},
		{"run", " -e --env -u --user -w --workdir --volume --memory -m --hostname --entrypoint --read-only ", "this is said in config.json; urun spec writes one to begin with"},
		{"run", " --network ", "the flag is --net"},
		{"exec", " -i --interactive ", "standard input is passed on without a flag"},
		{"exec", " -w --workdir ", "the flag is --cwd"},
		{"exec", " --privileged ", "--cap adds a capability"},
		{"kill", " -s --signal ", "the signal follows the id: urun kill ID TERM"},
	}
}

// tipFor is what was meant, if the complaint is about a word that another program has.
func tipFor(command, msg string) string {
	word := complainedAbout(msg)
	if command == "create" {
		command = "run"
	}
	if command == "kill" && len(word) > 1 && strings.Trim(word[1:2], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		word = "-s" // kill -9, kill -TERM
	}
	for _, t := range tips() {
		if t.command == command && word != "" && strings.Contains(t.words, " "+word+" ") {
			return t.meant
		}
	}
	return ""
}

// complainedAbout is the word that a complaint is about, or "".
func complainedAbout(msg string) string {
	for _, about := range []string{"unknown flag ", "unknown command "} {
		if rest, ok := strings.CutPrefix(msg, about); ok {
			word, _, _ := strings.Cut(rest, ",")
			return word
		}
	}
	word, isMissing := strings.CutSuffix(msg, " is missing")
	if isMissing {
		return word
	}
	return ""
}
