# The same in awk, a ring of five: mawk -F, -f ring.awk PATH [SIGNALS MEANS]. All numbers of awk are floats.
BEGIN { if (ARGC > 2) { signals = ARGV[2]; means = ARGV[3]; ARGC = 2 } }
NR == 1 { for (field = 1; field <= NF; field++) if ($field == "close") column = field; next }
{
    price = $column + 0
    slot = NR % 5
    total += price - ring[slot]
    ring[slot] = price
    signal = NR > 5 && price > total / 5
    rows++
    count += signal
    if (signals) { printf "%d", signal > signals; printf "%.17g\n", total / 5 > means }
}
END { print rows + 0, count + 0 }
