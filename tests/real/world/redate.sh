#!/bin/bash
# Gives certificates of this machine another end, signed by the cluster's own CA like those they take the place of. Machines share
# the host's clock, which nobody moves: so what moves is the time that certificates name. Go programs do not go through libc, so
# that libfaketime would not reach them.
#   redate.sh FROM TO CA.crt CA.key FILE…        seconds since 1970; a FILE is a PEM (.crt beside its .key, or both in one) or a kubeconfig
set -Eeuo pipefail
from=$1 to=$2 ca=$3 ca_key=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ca.cnf" <<END
[ca]
default_ca = own
[own]
database = $work/index.txt
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copyall
unique_subject = no
preserve = yes
email_in_dn = no
[any]
commonName = supplied
organizationName = optional
END
: >"$work/index.txt"

# The same certificate with other times, from old.crt and old.key to new.crt.
sign() {
  openssl x509 -x509toreq -copy_extensions copyall -in "$work/old.crt" -signkey "$work/old.key" -out "$work/request" 2>/dev/null
  openssl ca -batch -notext -config "$work/ca.cnf" -cert "$ca" -keyfile "$ca_key" -in "$work/request" -out "$work/new.crt" \
    -startdate "$(date -u -d "@$from" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "@$to" +%Y%m%d%H%M%SZ)" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
}
data() { sed -n "s/^ *client-$1-data: //p" "$2" | base64 -d; }

for file in "$@"; do
  case $file in
    *.conf)
      data certificate "$file" >"$work/old.crt"
      data key "$file" >"$work/old.key"
      sign
      sed -i "s#client-certificate-data: .*#client-certificate-data: $(base64 -w0 "$work/new.crt")#" "$file"
      ;;
    *.pem)
      openssl x509 -in "$file" -out "$work/old.crt"
      openssl pkey -in "$file" -out "$work/old.key"
      sign
      cat "$work/new.crt" "$work/old.key" >"$(readlink -f "$file")"
      ;;
    *)
      cp "$file" "$work/old.crt"
      cp "${file%.crt}.key" "$work/old.key"
      sign
      cp "$work/new.crt" "$file"
      ;;
  esac
done
