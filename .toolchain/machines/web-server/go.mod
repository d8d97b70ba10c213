module ablestack.io/machines/web-server

go 1.24.0
