-- Neovim: put this file into ~/.config/nvim/plugin/.
vim.filetype.add({ extension = { rhai = "rhai" } })
vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
  pattern = { "*.rhai", "recipe.toml", "compose*.yml", ".env*" },
  callback = function()
    local found = vim.fs.find({ ".git", "recipes" }, { upward = true, path = vim.fn.expand("%:p:h") })
    vim.lsp.start({ name = "ccci", cmd = { "ccci", "lsp" }, root_dir = vim.fs.dirname(found[1]) })
  end,
})
