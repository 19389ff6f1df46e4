-- Neovim 0.8 or newer: put this file into ~/.config/nvim/plugin/.
if vim.fn.has("nvim-0.8") == 0 then
  vim.notify("ccci needs Neovim 0.8 or newer")
  return
end
vim.filetype.add({ extension = { rhai = "rhai" } })
vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, {
  pattern = { "*.rhai", "recipe.toml", "compose*.yml", ".env*" },
  callback = function()
    local found = vim.fs.find({ ".git", "recipes" }, { upward = true, path = vim.fn.expand("%:p:h") })
    vim.lsp.start({ name = "ccci", cmd = { "ccci", "lsp" }, root_dir = vim.fs.dirname(found[1]) })
  end,
})
