#!/bin/sh
# Prints, as root, what lets others into this machine and what it may have in
# common with another one: records of fields that tabs separate, the last of
# them "end". No password, key or token is printed, only that it is there.
#
# It is run by sh, on any distribution that has GNU find and awk.
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
t=$(mktemp -d) || exit
trap 'rm -rf "$t"' EXIT

# account NAME UID HOME SHELL PASSWORD, which is set, blank or locked
awk -F : '
  function state(hash) {
    if (hash == "") return "blank"
    if (hash ~ /^[$_]/ || hash ~ /^[.\/0-9A-Za-z]+$/ && length(hash) == 13) return "set"
    return "locked"
  }
  NR == FNR { shadow[$1] = $2; next }
  { print "account\t" $1 "\t" $3 "\t" $6 "\t" $7 "\t" state($2 == "x" && $1 in shadow ? shadow[$1] : $2) }
' /etc/shadow /etc/passwd

# sshd WHERE SETTING VALUE, of each sshd that listens: what holds for all, and
# what its files have in Match blocks.
sshd_of() { # the command line of a listening sshd
  set -f
  option='' value='' file=/etc/ssh/sshd_config
  words=$*
  set --
  for word in $words -; do # a value with spaces has lost its quotes
    case $word in
    -*)
      case $option in
      -f) file=$value ;;
      esac
      case $option in
      -[fop]) set -- "$@" "$option" "$value" ;;
      -[fop]?*) set -- "$@" "$option${value:+ $value}" ;;
      esac
      option=$word value=''
      ;;
    *) value=${value:+$value }$word ;;
    esac
  done
  set +f
  sshd -T "$@" 2>"$t/error" | awk -v where="sshd -T${*:+ }$*" '{ key = $1; sub(/^[^ ]+ ?/, ""); print "sshd\t" where "\t" key "\t" $0 }' >"$t/sshd"
  [ -s "$t/sshd" ] || printf 'error\tsshd -T %s: %s\n' "$*" "$(tr '\n\t' '  ' <"$t/error")"
  cat "$t/sshd"
  printf '%s\n' "$file" >"$t/config"
  awk 'tolower($1) == "include" { for (i = 2; i <= NF; i++) print ($i ~ /^\//) ? $i : "/etc/ssh/" $i }' "$file" >"$t/include" || true
  while read -r pattern; do
    for include in $pattern; do
      if [ -f "$include" ]; then printf '%s\n' "$include"; fi
    done
  done <"$t/include" >>"$t/config"
  while read -r config; do
    awk -v file="$config" '
      { sub(/^[ \t]+/, ""); sub(/[ \t]*=[ \t]*/, " ") }
      tolower($1) == "match" { within = tolower($2) == "all" ? "" : $0 }
      within != "" && tolower($1) != "match" && NF > 1 && !/^#/ {
        key = tolower($1)
        sub(/^[^ \t]+[ \t]+/, "")
        print "sshd\t" file ", " within "\t" key "\t" $0
      }' "$config" || true
  done <"$t/config"
}
grep -lsa sshd /proc/[0-9]*/cmdline | while read -r cmdline; do
  tr '\0' ' ' 2>/dev/null <"$cmdline" && echo
done | sed -n 's|^\(.*sshd: \)\{0,1\}\([^ ]* \)\{0,1\}[^ ]*/sshd\( .*\)\{0,1\}$|\3|p' | sed 's/ \[listener\].*//; s/ *$//; s|^ [^ -][^ ]*/sshd||' | sort -u >"$t/listeners"
[ -s "$t/listeners" ] || echo >"$t/listeners"
while read -r line; do
  # shellcheck disable=SC2086
  sshd_of $line
done <"$t/listeners" | sort -u >"$t/sshds"
cat "$t/sshds"

# key FILE LINE, of each file whose keys sshd accepts for an account
awk -F '\t' '$3 == "authorizedkeysfile" { n = split($4, file, /[ \t]+/); for (i = 1; i <= n; i++) print file[i] }' "$t/sshds" | sort -u |
  awk -F : '
    NR == FNR { patterns[n++] = $0; next }
    {
      home = $6 == "/" ? "" : $6
      for (i = 0; i < n; i++) {
        file = patterns[i]
        if (file == "none") continue
        gsub(/%%/, "\001", file); gsub(/%h/, home, file); gsub(/%u/, $1, file); gsub(/%U/, $3, file); gsub("\001", "%", file)
        print file ~ /^\// ? file : home "/" file
      }
      print home "/.ssh/authorized_keys"
      print home "/.ssh/authorized_keys2"
    }' - /etc/passwd >"$t/keyfiles"
for file in /root/.ssh/authorized_keys* /home/*/.ssh/authorized_keys*; do printf '%s\n' "$file"; done >>"$t/keyfiles"
sort -u "$t/keyfiles" | while read -r file; do
  [ ! -s "$file" ] || awk -v file="$file" '!/^[ \t]*(#|$)/ { gsub(/\t/, " "); print "key\t" file "\t" $0 }' "$file"
done

# sudo ACCOUNT LINE, of each that may become root without a password
grep -rhsE 'NOPASSWD|!authenticate|^[@#]include' /etc/sudoers /etc/sudoers.d |
  grep -vE "^[ \t]*#[ \t]|^[@#]includedir /etc/sudoers.d|^${SUDO_USER:-root}[ \t]" >"$t/sudo" || true
if [ -s "$t/sudo" ]; then
  cut -d : -f 1 /etc/passwd | while read -r account; do
    sudo -n -l -U "$account" 2>/dev/null </dev/null | awk -v account="$account" '/NOPASSWD|!authenticate/ { $1 = $1; print "sudo\t" account "\t" $0 }'
  done
fi
awk '$1 == "permit" && / nopass/ { print "sudo\t/etc/doas.conf\t" $0 }' /etc/doas.conf 2>/dev/null || true

# file KIND SHA256 MODE MTIME PATH, of files that no package brought: private keys
# (key), credentials (credential), and the others of /etc (file); token PATH:TEXT,
# of what may be a random text in those that all may read
cat /var/lib/dpkg/info/*.list >"$t/owned" 2>/dev/null || true
rpm -qa --qf '[%{FILENAMES}\t%{FILEMTIMES}\n]' >"$t/rpm" 2>/dev/null || true
dpkg-query --show --showformat '${Conffiles}\n' 2>/dev/null |
  sed -n 's|^ \(/etc/[^ ]*\) \([0-9a-f]\{32\}\).*|\2  \1|p' | md5sum -c --quiet 2>/dev/null | sed -n 's/: FAILED$//p' >"$t/changed"
cut -d : -f 6 /etc/passwd | grep -vE '^(/|/bin|/dev|/proc|/run.*|/sbin|/usr/s?bin|/nonexistent|/(etc|home|opt|root|srv|usr/local|var)(/.*)?)$' | sort -u >"$t/homes"
printf '%s\n' /etc /home /opt /root /srv /usr/local /var | cat - "$t/homes" | while read -r dir; do
  [ ! -d "$dir" ] || find "$dir" -xdev \( -path /var/cache -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/rpm \
    -o -path /var/lib/cloud/instances -o -path /var/lib/docker -o -path /var/lib/containerd -o -path /var/lib/snapd -o -path /etc/.git \) -prune \
    -o -type f -size +0 -size -129 -printf '%m\t%T@\t%s\t%p\n'
done | awk -F '\t' -v owned="$t/owned" -v rpm="$t/rpm" -v changed="$t/changed" '
  BEGIN {
    while ((getline line < owned) > 0) own[line] = ""
    while ((getline line < rpm) > 0) { split(line, f, "\t"); own[f[1]] = f[2] }
    while ((getline line < changed) > 0) delete own[line]
  }
  !($4 in own) || own[$4] != "" && own[$4] != int($2)' | sort -u >"$t/ours"
cut -f 4 "$t/ours" >"$t/paths"
tr '\n' '\0' <"$t/paths" | xargs -0 -r grep -lsaE -e '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY|^PuTTY-User-Key-File' | sed 's/^/key	/' >"$t/chosen"
{
  grep -E '\.(p12|pfx|jks|keystore)$' "$t/paths" | sed 's/^/key	/'
  grep -E '/(\.netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.npmrc|\.pypirc|\.aws/credentials|\.docker/config\.json|\.kube/config)$' "$t/paths" | sed 's/^/credential	/'
  grep '^/etc/' "$t/paths" | sed 's/^/file	/'
} >>"$t/chosen"
cut -f 2 "$t/chosen" | sort -u | tr '\n' '\0' | xargs -0 -r sha256sum 2>/dev/null |
  awk -F '\t' -v ours="$t/ours" -v chosen="$t/chosen" '
    BEGIN {
      while ((getline line < ours) > 0) { split(line, f, "\t"); of[f[4]] = f[1] "\t" f[2] }
      while ((getline line < chosen) > 0) { split(line, f, "\t"); if (!(f[2] in kind)) kind[f[2]] = f[1] }
    }
    { path = substr($0, 67); if (path in kind) print "file\t" kind[path] "\t" substr($0, 1, 64) "\t" of[path] "\t" path }'
awk -F '\t' '$4 ~ /^\/etc\// && $4 !~ /^\/etc\/(ca-certificates|machine-id|ssh\/sshd_config)/ && $1 ~ /[4-7]$/ && $3 < 16384 { print $4 }' "$t/ours" | tr '\n' '\0' |
  xargs -0 -r grep -LsaE -e '-----BEGIN |^(ssh|ecdsa|sk)-[^ ]* AAAA' | tr '\n' '\0' | xargs -0 -r grep -HsoIE '[A-Za-z0-9+/_-]{24,}' | sed 's/^/token	/'

echo end
