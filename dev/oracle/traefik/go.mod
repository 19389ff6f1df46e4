module traefikanswers

go 1.26.0
