import type { ReplyTemplate } from './types.ts';

export const PT: ReplyTemplate = {
  greeting: 'Olá,',
  warning: 'Por favor, não inclua senhas, códigos nem números de cartão na sua resposta.',
  closing: 'Atenciosamente\nA equipe de suporte',
  paragraphs: {
    'auth/login': [
      'Agradecemos o seu contato. Lamentamos a dificuldade para entrar na conta.',
      `Para analisar o caso, ajudaria saber:
- o endereço de e-mail ou o nome de usuário da conta,
- como o acesso é feito, por exemplo com endereço de e-mail, aplicativo autenticador ou pela sua empresa,
- em que etapa ele para e o texto exato da mensagem exibida,
- quando foi a última tentativa, com o fuso horário, e em qual navegador ou aplicativo.`,
    ],
    billing: [
      'Agradecemos o seu contato sobre a cobrança.',
      `Para analisar o caso, ajudaria saber:
- o número da fatura, ou a data e o valor do pagamento,
- o endereço de e-mail da conta ou o nome do espaço de trabalho,
- o que era esperado em vez disso.`,
    ],
    bug: [
      'Agradecemos o aviso. Lamentamos o transtorno.',
      `Para analisar o caso, ajudaria saber:
- os passos que levam ao problema e se ele ocorre sempre,
- o que era esperado e o que apareceu, com o texto exato da mensagem,
- quando ocorreu pela primeira vez, com o fuso horário,
- o seu dispositivo, e o navegador ou aplicativo com a versão.`,
      'Uma captura de tela costuma ajudar, desde que não mostre nada confidencial.',
    ],
    feature_request: [
      'Agradecemos por dedicar seu tempo a esta sugestão.',
      `Para entendê-la bem, ajudaria saber:
- o que você gostaria de conseguir com ela,
- como você resolve isso hoje,
- com que frequência e para quantas pessoas isso é necessário.`,
    ],
    account: [
      'Agradecemos o seu contato sobre a sua conta.',
      `Para analisar o caso, ajudaria saber:
- o endereço de e-mail da conta ou o nome do espaço de trabalho,
- o que exatamente você deseja alterar, exportar ou remover,
- a sua função no espaço de trabalho, se outras pessoas também o usam.`,
      'Se possível, escreva a partir do endereço de e-mail que pertence à conta.',
    ],
    other: [
      'Agradecemos a sua mensagem.',
      `Se deseja algo de nós, ajudaria saber:
- do que se trata, em uma ou duas frases,
- o endereço de e-mail da sua conta, se tiver uma.`,
    ],
  },
};
